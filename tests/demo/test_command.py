"""`guardhouse demo` as a person starts and stops it."""

from __future__ import annotations

import json
import re
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest
import trustme
from click.testing import CliRunner

from guardhouse.cli.demo import demo
from guardhouse.demo.books import Books
from guardhouse.demo.serving import announce, bound, reset
from guardhouse.demo.settings import Settings
from guardhouse.errors import ConfigError


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str, list[str]]]:
    """Start the demo on a free port; give its process, its address and what it said."""
    command = [
        sys.executable,
        "-c",
        "from guardhouse.cli import main; main()",
        "demo",
        "--port",
        "0",
        *arguments,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline().rstrip() for _ in range(7)]
        try:
            yield process, said[0].rpartition(" ")[2], said
        finally:
            process.terminate()
            process.communicate(timeout=10)


def fetch(url: str, trusted: ssl.SSLContext | None = None, *, token: str = "", method: str = "GET") -> int:
    request = Request(url, headers={"Authorization": f"Bearer {token}"} if token else {}, method=method)  # noqa: S310 - our own address
    for _ in range(100):
        try:
            with urlopen(request, timeout=2, context=trusted) as answer:  # noqa: S310 - as above
                return int(answer.status)
        except HTTPError as refused:
            return refused.code
        except (URLError, ConnectionError):
            time.sleep(0.05)
    return 0


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_and_who_can_log_in_and_leaves_nothing_behind(sent):
    with running() as (process, address, said):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", address)
        assert "ada@example.com    correct horse battery staple" in said[1]
        assert "grace@example.com  correct horse battery staple" in said[2]
        folder = Path(said[3].partition("sqlite:///")[2]).parent
        assert folder.is_dir()
        assert fetch(f"{address}/public") == 200
        shown = re.fullmatch(r"  curl -X POST -H 'Authorization: Bearer (\S+)' (\S+)", said[5])
        assert shown is not None
        assert fetch(shown[2], token=shown[1], method="POST") == 200
        process.send_signal(sent)
        assert process.wait(10) == 0
        assert not folder.exists()


def test_a_refusal_is_one_line_of_json_in_the_log():
    with running("--store", "memory:", "--log-json") as (process, address, _):
        assert fetch(f"{address}/api/me") == 401
        process.terminate()
        assert process.stderr is not None
        line = json.loads(process.stderr.read().splitlines()[0])
    assert (line["code"], line["path"], line["status"]) == ("no_credential", "/api/me", 401)


def test_it_serves_https(tmp_path):
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    issued.cert_chain_pems[0].write_to_path(cert)
    issued.private_key_pem.write_to_path(key)
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    with running("--store", "memory:", "--tls-cert", str(cert), "--tls-key", str(key)) as (_, address, _said):
        assert address.startswith("https://")
        assert fetch(f"{address}/public", trusted) == 200


def test_a_demo_that_others_can_reach_says_so():
    with running("--host", "0.0.0.0", "--store", "memory:", "--users", "3") as (_, _address, said):  # noqa: S104 - that is the point
        assert "explains its refusals to everybody" in said[6]


def test_without_its_extra_the_demo_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "guardhouse.demo.serving", None)
    monkeypatch.delattr("guardhouse.demo.serving", raising=False)
    result = CliRunner().invoke(demo, ["--port", "0"])
    assert result.exit_code == 1
    assert "pip install 'guardhouse[demo]'" in result.output


def test_reset_makes_a_demo_begin_empty(tmp_path):
    store = f"sqlite:///{tmp_path}/demo.db"
    secrets: set[str] = set()
    for arguments in ((), (), ("--reset",)):
        with running("--store", store, *arguments) as (process, address, _):
            assert fetch(f"{address}/public") == 200
            process.terminate()
            process.wait(10)
        books = Books(tmp_path / "demo.db")
        secrets.update(books.secrets())
        books.close()
    assert len(secrets) == 2


def test_a_port_in_use_is_one_clear_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = CliRunner().invoke(demo, ["--port", str(port)])
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        f"Error: 127.0.0.1:{port} cannot be used: Address already in use. Try --port 0."
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--tls-cert", __file__], 2, "belong together"),
        (["--port", "70000"], 2, "not in the range"),
        (["--store", "gopher://x"], 1, "Use memory:, sqlite:///file"),
        (["--store", "sqlite:////no/such/folder/demo.db"], 1, "unable to open"),
        (["--trusted-origin", "*"], 1, "trusted_origins"),
        (["--host", "no.such.host.invalid"], 1, "cannot be used"),
    ],
)
def test_what_cannot_be_served_is_said(arguments, code, said):
    result = CliRunner().invoke(demo, ["--port", "0", *arguments])
    assert result.exit_code == code
    assert said in result.output
    assert "Traceback" not in result.output


def test_reset_removes_the_demos_own_file_and_no_other(tmp_path):
    own, foreign = tmp_path / "own.db", tmp_path / "foreign.db"
    Books(own).close()
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE precious (thing TEXT)")
    connection.close()
    reset(Settings(store=f"sqlite:///{own}"))
    assert not own.exists()
    reset(Settings(store=f"sqlite:///{own}"))
    with pytest.raises(ConfigError, match="did not make that file"):
        reset(Settings(store=f"sqlite:///{foreign}"))
    assert foreign.exists()
    (tmp_path / "text").write_text("no database")
    with pytest.raises(ConfigError):
        reset(Settings(store=f"sqlite:///{tmp_path}/text"))


def test_an_address_of_the_sixth_version_can_be_taken():
    with bound("::1", 0) as taken:
        assert taken.family is socket.AF_INET6


@pytest.mark.parametrize(
    ("settings", "addresses"),
    [
        (Settings(), ("http://127.0.0.1:8000", "http://localhost:8000")),
        (Settings(port=80), ("http://127.0.0.1", "http://localhost")),
        (Settings(port=443, tls=True), ("https://127.0.0.1", "https://localhost")),
        (Settings(host="0.0.0.0"), ()),  # noqa: S104 - a value to be judged
    ],
)
def test_what_browsers_call_a_demo(settings, addresses):
    assert settings.addresses == addresses


def test_where_a_demo_listens_is_a_url():
    assert Settings().address == "http://127.0.0.1:8000"
    assert Settings(host="::1", port=443, tls=True).address == "https://[::1]:443"


@pytest.mark.parametrize(
    ("store", "said"),
    [
        ("redis://shop:hunter2@cache:6380/1?pool=20", "redis://cache:6380/1"),
        ("sealed:postgresql://shop:hunter2@db/shop", "sealed:postgresql://db/shop"),
        ("sqlite:////tmp/demo.db", "sqlite:////tmp/demo.db"),
        ("memory:", "memory:"),
    ],
)
def test_where_sessions_lie_is_said_without_the_password(capsys, store, said):
    announce(Settings(store=store))
    shown = capsys.readouterr().out
    assert f"  sessions in {said}\n" in shown
    assert "hunter2" not in shown


def test_the_token_is_said_once_and_never_logged():
    with running("--store", "memory:", "--log-json") as (process, address, said):
        token = said[5].split("Bearer ")[1].split("'")[0]
        assert fetch(f"{address}/api/me", token=token) == 200
        assert fetch(f"{address}/api/me", token=f"{token}x") == 401
        process.terminate()
        out, err = process.communicate(timeout=10)
    assert token not in out + err
    assert "token_malformed" in err
