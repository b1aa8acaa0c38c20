"""`guardhouse sessions` works on the store that a house uses: it shows no id, and what it ends is refused at once."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from guardhouse.state.crumbs import key_of
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.stores.sqlite import SQLiteStore
from tests.cli.conftest import Call
from tests.edge.test_sealed import World
from tests.house.test_devices import application, device, house_of
from tests.houses import ADA, GRACE, SESSION, log_in


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'sessions.db'}"


@pytest.fixture
def devices(tmp_path: Path) -> tuple[TestClient, TestClient, TestClient]:
    import time  # noqa: PLC0415 - the command has no other clock than the one on the wall

    app = application(house_of(store=SQLiteStore(tmp_path / "sessions.db"), clock=time.time))
    return device(app), device(app, agent="curl/8.5.0", peer="2001:db8::1"), device(app, GRACE)


Devices = tuple[TestClient, TestClient, TestClient]


def names(call: Call, url: str, owner: str = "users:1") -> dict[str, str]:
    """The public ids in the list, by device."""
    listed = json.loads(call("sessions", "list", url, owner, "--json").stdout)["sessions"]
    return {one["device"]: one["id"] for one in listed}


def test_the_list_is_in_plain_words_and_without_an_id(call: Call, url: str, devices: Devices):
    shown = call("sessions", "list", url, "users:1")
    assert (shown.exit_code, shown.stderr) == (0, "")
    words = ("Firefox on", "Windows", "curl", "203.0.113.0/24", "2001:db8::/64", *names(call, url).values())
    assert [word in shown.stdout for word in words] == [True] * 7
    whole = call("sessions", "show", url, "users:1", names(call, url)["curl"], "--json").stdout
    for client in devices:
        session_id = client.cookies[SESSION]
        for text in (shown.stdout, whole):
            assert session_id not in text
            assert key_of(session_id.encode()).hex() not in text


def test_one_is_ended_and_the_others_go_on(call: Call, url: str, devices: Devices):
    laptop, phone, grace = devices
    ended = call("sessions", "revoke", url, "users:1", names(call, url)["curl"])
    assert (ended.exit_code, ended.stderr) == (0, "guardhouse: 1 session of users:1 ended.\n")
    assert phone.get("/me").status_code == 401
    assert laptop.get("/me").status_code == grace.get("/me").status_code == 200


def test_all_of_a_user_are_ended_and_nobody_elses(call: Call, url: str, devices: Devices):
    laptop, phone, grace = devices
    assert json.loads(call("sessions", "revoke", url, "users:1", "--all", "--json").stdout) == {
        "ended": 2,
        "forgotten": 0,
    }
    assert laptop.get("/me").status_code == phone.get("/me").status_code == 401
    assert grace.get("/me").status_code == 200
    assert (
        call("sessions", "list", url, "users:1").stderr == "guardhouse: users:1 is not logged in anywhere.\n"
    )
    assert call("sessions", "revoke", url, "users:1", "--all").exit_code == 0


def test_all_that_lie_in_cookies_are_ended_and_nobody_can_count_them(call: Call, tmp_path: Path):
    inner = f"sqlite:///{tmp_path}/epochs.db"
    served = log_in(World(store=f"sealed:{inner}").browser())
    assert served.get("/me").status_code == 200
    ended = call("sessions", "revoke", f"sealed:{inner}", "users:1", "--all")
    assert (ended.exit_code, "nobody can count them" in ended.stderr) == (0, True)
    assert served.get("/me").status_code == 401
    told = call("sessions", "revoke", f"sealed:{inner}", "users:1", "--all", "--json").stdout
    assert json.loads(told) == {"ended": None, "forgotten": 0}
    assert call("sessions", "prune", f"sealed:{inner}").exit_code == 0


def test_devices_beside_sessions_in_cookies_are_forgotten_and_swept_out(call: Call, tmp_path: Path):
    url = f"sealed:sqlite:///{tmp_path}/sessions.db"
    enrolled(tmp_path, *(Enrolment(kind, kind.value, "users:1", 1.0) for kind in (Kind.TRUSTED, Kind.TOTP)))
    ended = call("sessions", "revoke", url, "users:1", "--all")
    assert "guardhouse: 1 remembered or trusted device forgotten.\n" in ended.stderr
    old = Enrolment(Kind.REMEMBERED, "old", "users:1", 1.0, ends=100.0)
    assert sorted(enrolled(tmp_path, old)) == ["old", "totp"]
    assert json.loads(call("sessions", "prune", url, "--json").stdout)["enrolments"] == 1
    assert enrolled(tmp_path) == ["totp"]


def enrolled(tmp_path: Path, *enrolments: Enrolment) -> list[str]:
    """Enrol these past the command; return the names of what is there."""

    async def work() -> list[str]:
        store = SQLiteStore(tmp_path / "sessions.db")
        for one in enrolments:
            assert await store.enrolments.enrol(one)
        there = [one.name for one in await store.enrolments.enrolled("users:1")]
        await store.close()
        return there

    return asyncio.run(work())


def test_who_is_logged_out_everywhere_is_remembered_nowhere(
    call: Call, url: str, tmp_path: Path, devices: Devices
):
    kinds = (Kind.REMEMBERED, Kind.TRUSTED, Kind.TOTP)
    enrolled(tmp_path, *(Enrolment(kind, kind.value, "users:1", 1.0) for kind in kinds))
    assert call("sessions", "revoke", url, "users:1", names(call, url)["curl"]).exit_code == 0
    assert len(enrolled(tmp_path)) == 3
    ended = call("sessions", "revoke", url, "users:1", "--all")
    assert ended.stderr == (
        "guardhouse: 1 session of users:1 ended.\nguardhouse: 2 remembered or trusted devices forgotten.\n"
    )
    assert enrolled(tmp_path) == ["totp"]


def test_enrolments_that_ended_a_day_ago_are_swept_out(call: Call, url: str, tmp_path: Path):
    for name, ends in (("old", 100.0), ("never", None)):
        enrolled(tmp_path, Enrolment(Kind.REMEMBERED, name, "users:1", 1.0, ends=ends))
    assert json.loads(call("sessions", "prune", url, "--json").stdout)["enrolments"] == 1
    assert enrolled(tmp_path) == ["never"]


def test_one_is_shown_with_the_names_of_its_data_only(call: Call, url: str, devices: Devices):
    laptop = devices[0]
    assert laptop.post("/confirm", json={"password": "correct horse battery staple"}).json() is True
    name = names(call, url)["Firefox on Windows"]
    shown = call("sessions", "show", url, "users:1", name)
    assert shown.exit_code == 0
    for word in (name, "users:1 in realm users, by guard web", "203.0.113.0/24", "_confirmed", "in any case"):
        assert word in shown.stdout
    document = json.loads(call("sessions", "show", url, "users:1", name, "--json").stdout)
    assert list(document["data"]) == ["_confirmed"]
    assert document["logins"]["users"]["user"] == "users:1"
    assert "fingerprint" not in document["logins"]["users"]


def test_what_has_expired_is_swept_out_and_not_listed(call: Call, url: str, tmp_path: Path):
    device(application(house_of(store=SQLiteStore(tmp_path / "sessions.db"))))
    assert names(call, url) == {}
    assert json.loads(call("sessions", "prune", url, "--json").stdout) == {
        "sessions": 1,
        "tokens": 0,
        "enrolments": 0,
    }
    assert (
        call("sessions", "prune", url).stderr
        == "guardhouse: swept out: 0 expired sessions, 0 expired tokens, 0 expired enrolments.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("list", "memory:", "users:1"), "memory: lies in the process that serves"),
        (("list", "sqlite:////nowhere/at/all.db", "users:1"), "does not exist"),
        (("list", "mongodb://host", "users:1"), "mongodb:..."),
        (("list", "", "users:1"), "Use memory:, sqlite"),
        (("list", "{url}x", "users:1"), "there is no file"),
        (("list", "{url}", "1"), "write OWNER as provider:id"),
        (("list", "{url}", ":1"), "write OWNER as provider:id"),
        (("list", "{url}", "users:"), "write OWNER as provider:id"),
        (("list", "{url}"), "Missing argument 'OWNER'"),
        (("show", "{url}", "users:1", "nothing"), "users:1 has no session nothing."),
        (("show", "{url}", "users:1", "\x1b[31m"), r"users:1 has no session \x1b[31m."),
        (("revoke", "{url}", "users:1"), "Name one ID, or say --all."),
        (("revoke", "{url}", "users:1", "x", "--all"), "Name one ID, or say --all."),
        (("revoke", "{url}", "users:1", "nothing"), "users:1 has no session nothing."),
        (("revoke", "{url}", "users:1", "nothing", "--json"), "users:1 has no session nothing."),
        (("prune", "memory:"), "memory: lies"),
        (("list", "sealed:{url}", "users:1"), "nobody can list them or end one of them"),
        (("revoke", "sealed:{url}", "users:1", "x"), "nobody can list them or end one of them"),
        (("revoke", "sealed:", "users:1", "--all"), "nobody can list them or end one of them"),
        (("revoke", "sealed:{url}x", "users:1", "--all"), "there is no file"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    call: Call, url: str, devices: Devices, tmp_path: Path, arguments: tuple[str, ...], said: str
):
    before = sorted(tmp_path.iterdir())
    answer = call("sessions", *(argument.format(url=url) for argument in arguments))
    assert answer.exit_code == 2
    assert answer.stdout == ""
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr
    assert sorted(tmp_path.iterdir()) == before
    assert devices[1].get("/me").status_code == 200


def test_a_file_of_something_else_is_said_and_left_alone(call: Call, tmp_path: Path):
    other = tmp_path / "letter.txt"
    other.write_text("Dear store, " * 500)
    answer = call("sessions", "list", f"sqlite:///{other}", "users:1")
    assert answer.exit_code == 2
    assert answer.stderr.startswith("guardhouse: ")
    assert other.read_text().startswith("Dear store")


def test_a_user_of_the_test_is_who_it_says():
    assert (ADA.id, GRACE.id) == ("1", "2")
