"""`guardhouse explain` takes a request as people have it, weighs it, and runs nothing unless it is told to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from guardhouse.cli.program import program
from tests.cli.conftest import Call

KEY = "curl 'https://localhost/api/do_thing' -X POST -H 'X-Api-Key: {}'"


def entry(path: str, status: int) -> dict[str, object]:
    request = {"method": "GET", "url": f"https://localhost{path}", "headers": []}
    return {"request": request, "response": {"status": status}}


REFUSED = entry("/api/me", 401)


def test_a_curl_command_is_weighed_and_runs_nothing(call: Call):
    result = call("explain", "shop:app", "--curl", KEY.format("sesame"))
    assert result.stdout.startswith("POST       https://localhost/api/do_thing\n\nallowed    user 1 of users")
    assert "response" not in result.stdout
    assert "what an endpoint prints" not in result.stderr
    assert "no endpoint ran" in result.stderr
    assert result.exit_code == 0


def test_a_refusal_is_told_whole_and_without_what_is_secret(call: Call):
    result = call("explain", "shop:app", "--curl", KEY.format("hopeless-key"))
    assert "401 credential_rejected by key" in result.stdout
    assert "hopeless-key" not in result.output
    assert result.exit_code == 1


def test_it_runs_when_it_is_told_to(call: Call):
    result = call(
        "explain", "shop:app", "--run", "--curl", KEY.format("sesame").replace("do_thing' -X POST", "me'")
    )
    assert "what an endpoint prints" in result.stderr
    assert "status         200" in result.stdout


def test_a_typed_request_can_be_weighed_only(call: Call):
    result = call("explain", "shop:app", "GET", "/api/me", "-H", "X-Api-Key: sesame", "--read-only", "--json")
    document = json.loads(result.stdout)
    assert (document["outcome"], document["status"], document["request"]["ran"]) == ("allowed", None, False)
    assert "what an endpoint prints" not in result.stderr


def test_the_first_entry_of_a_har_file_that_was_refused(call: Call, tmp_path: Path):
    fine = entry("/public", 200)
    file = tmp_path / "saved.har"
    file.write_text(json.dumps({"log": {"entries": [fine, REFUSED]}}))
    assert (
        json.loads(call("explain", "shop:app", "--har", str(file), "--json").stdout)["code"]
        == "no_credential"
    )
    first = json.loads(call("explain", "shop:app", "--har", str(file), "--entry", "1", "--json").stdout)
    assert first["outcome"] == "public"


@pytest.mark.parametrize(
    ("option", "text"),
    [("--curl", KEY.format("sesame")), ("--har", json.dumps(REFUSED))],
    ids=["curl", "har"],
)
def test_standard_input_will_do(call: Call, option, text):
    call("--help")  # the folder and the path of the example applications
    result = CliRunner().invoke(program, ["explain", "shop:app", option, "-", "--json"], input=text)
    assert json.loads(result.stdout)["outcome"] in ("allowed", "refused")


def test_a_pasted_command_writes_nowhere_else_on_the_terminal(call: Call):
    result = call("explain", "shop:app", "--curl", "curl --$'\\e]0;owned\\a\\n'")
    assert result.stderr.count("\n") == 1
    assert result.stderr.strip().isprintable()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["--curl", "curl 'https://localhost/"], "the curl command cannot be read: a quote", id="half a command"),
        pytest.param(["--curl", "wget https://sesame/"], "does not begin with curl", id="another program"),
        pytest.param(["--har", "shop.py"], "the HAR file cannot be read: it is no HAR file", id="no HAR file"),
        pytest.param(["--har", "nowhere.har"], "does not exist", id="no file"),
        pytest.param(["--har", "."], "is a directory", id="a folder"),
        pytest.param(["--har", "shop.py", "--entry", "0"], "0 is not in the range", id="no entry"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_line_and_exits_with_two(call: Call, arguments, said):
    result = call("explain", "shop:app", *arguments)
    assert said in result.stderr
    assert "sesame" not in result.output
    assert "Traceback" not in result.output
    assert (result.exit_code, result.stdout) == (2, "")
