"""`guardhouse doctor` says what is wrong in four forms, exits as CI wants it, and takes no ignoring without a reason."""

from __future__ import annotations

import json
import re
import sys

import pytest

from guardhouse.doctor.findings import CODES
from tests.cli.conftest import APPS, Call

FAULTY = """\
faulty:app

error    guard-as-parameter
where    faulty.py:19
         /me: parameter user annotated with a guard.
so       The visitor fills it in by himself: everybody is let in. Stops the
         start.
fix      Write Annotated[User, house.guard("...")]; nothing else of a house is a
         dependency.

"""
RIGHT = "right:app\n\nNothing found.\n"


def test_a_table_for_people(call: Call):
    result = call("doctor", "faulty:app")
    assert result.exit_code == 1
    assert result.stdout.startswith(FAULTY)
    assert result.stdout.endswith("1 error, 3 warnings, 1 note. What each code means: docs/doctor.md\n")
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "\x1b" not in result.stdout


def test_findings_of_one_code_stand_together(call: Call):
    shown = call("doctor", "shop:app").stdout
    assert shown.count("route-undeclared") == 1
    assert shown.count("nobody said whether it is guarded or open") == 3


def test_an_application_that_is_right(call: Call):
    result = call("doctor", "right:app")
    assert (result.exit_code, result.stdout) == (0, RIGHT)


def test_json_says_all(call: Call):
    told = json.loads(call("doctor", "faulty:app", "--json").stdout)
    assert told == json.loads(call("doctor", "faulty:app", "--format", "json").stdout)
    assert (told["app"], told["counts"]) == ("faulty:app", {"error": 1, "warning": 3, "note": 1})
    first = told["findings"][0]
    assert (first["code"], first["severity"], first["where"]) == (
        "guard-as-parameter",
        "error",
        "faulty.py:19",
    )
    assert first["docs"] == "docs/doctor.md#guard-as-parameter"
    assert set(first) == {"code", "severity", "title", "where", "what", "happens", "fix", "docs"}


def test_workflow_commands_of_github(call: Call):
    lines = call("doctor", "faulty:app", "--format", "github").stdout.splitlines()
    assert lines[0].startswith("::error file=faulty.py,line=19,title=guard-as-parameter%3A A guard stands")
    assert "::/me: parameter user annotated with a guard.%0AWrite Annotated" in lines[0]
    assert any(line.startswith("::notice title=guard-unused%3A") for line in lines)
    assert all(re.match(r"::(error|warning|notice) [^:]+::", line) for line in lines)


def test_sarif_is_shaped_as_the_standard_says(call: Call):
    """SARIF 2.1.0: 3.13 to 3.28, as far as we write it; every rule index points to the rule of that id."""
    told = json.loads(
        call("doctor", "faulty:app", "--format", "sarif", "--ignore", "key-in-source=a test").stdout
    )
    assert (told["version"], told["$schema"].endswith("sarif-2.1.0.json")) == ("2.1.0", True)
    (run,) = told["runs"]
    rules, results = run["tool"]["driver"]["rules"], run["results"]
    assert [rule["id"] for rule in rules] == list(CODES)
    assert {rule["defaultConfiguration"]["level"] for rule in rules} == {"error", "warning", "note"}
    for result in results:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert result["message"]["text"]
        assert len(result["locations"]) == 1
    place = results[0]["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "faulty.py"}, "region": {"startLine": 19}}
    (unused,) = [result for result in results if result["ruleId"] == "guard-unused"]
    assert unused["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "guards.web"
    (suppressed,) = [result for result in results if "suppressions" in result]
    assert suppressed["ruleId"] == "key-in-source"
    assert suppressed["suppressions"][0]["justification"] == "a test"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["right:app"], 0, id="nothing"),
        pytest.param(["right:app", "--ignore", "store-memory=one process"], 0, id="a note does not fail"),
        pytest.param(
            ["right:app", "--ignore", "store-memory=one process", "--fail-on", "note"],
            1,
            id="unless it is to",
        ),
        pytest.param(["faulty:app", "--fail-on", "error"], 1, id="an error always fails"),
        pytest.param(["noted:app"], 0, id="notes only"),
        pytest.param(["shop:nothing"], 2, id="no such application"),
        pytest.param(["raising:app"], 2, id="an application that cannot be imported"),
        pytest.param(["faulty:app", "--format", "xml"], 2, id="no such form"),
    ],
)
def test_exit_codes(call: Call, arguments, code):
    result = call("doctor", *arguments)
    assert result.exit_code == code
    assert "Traceback" not in result.output


def test_what_is_ignored_is_listed_with_its_reason(call: Call):
    result = call("doctor", "noted:app", "--ignore", "guard-unused=the key is for next week")
    assert "ignored  guard-unused  the key is for next week\n" in result.stdout
    assert result.stdout.endswith("Nothing found.\n")


@pytest.mark.parametrize(
    ("ignored", "said"),
    [
        ("guard-unsed=typo", "--ignore: found 'guard-unsed'. Did you mean 'guard-unused'?"),
        ("guard-unused", "--ignore: found 'guard-unused'. Say why: --ignore guard-unused="),
        ("guard-unused= ", "Say why"),
        ("=why", "--ignore: found ''. The codes stand in docs/doctor.md."),
    ],
)
def test_ignoring_needs_a_code_and_a_reason(call: Call, ignored, said):
    result = call("doctor", "right:app", "--ignore", ignored)
    assert result.exit_code == 2
    assert result.stderr.startswith("guardhouse: ")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_what_was_ignored_in_vain_is_a_note(call: Call):
    shown = call("doctor", "right:app", "--ignore", "store-memory=one process").stdout
    assert "note     ignore-unused" in shown
    assert "store-memory is ignored (one process), and was not found." in shown


def test_without_the_list_of_suffixes_it_is_said_what_was_left_open(
    call: Call, monkeypatch: pytest.MonkeyPatch
):
    from guardhouse.doctor import hosts  # noqa: PLC0415 - its memory is emptied here

    monkeypatch.setitem(sys.modules, "publicsuffixlist", None)
    hosts._suffixes.cache_clear()
    try:
        shown = call("doctor", "sites:app").stdout
    finally:
        hosts._suffixes.cache_clear()
    assert "note     sites-uncompared" in shown
    assert "guardhouse[doctor]" in shown


def test_no_secret_of_an_application_is_shown(call: Call):
    for form in ("text", "json", "github", "sarif"):
        shown = call("doctor", "shop:app", "--format", form).output
        for secret in re.findall(r'secret="([^"]+)"', (APPS / "shop.py").read_text(encoding="utf-8")):
            assert secret not in shown
