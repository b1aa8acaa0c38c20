"""Every example runs: somebody logs in through it, is let in, and reads why he was refused before."""

from __future__ import annotations

import importlib.util
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from tests.houses import ADA, GRACE, NAVIGATION, PASSWORD, browser, said

FOLDER = Path(__file__).parent.parent / "examples"
ADAS = {"email": ADA.email, "password": PASSWORD}
OWN = {"Origin": "https://testserver"}
FRONT_END = {"Origin": "https://app.example.com", "Sec-Fetch-Site": "same-site"}

Load = Callable[[str], ModuleType]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """Import an example as a server does: with a key in its environment."""
    monkeypatch.setenv("APP_KEY", secrets.token_urlsafe(32))

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)  # as an import does; dataclasses look there
        spec.loader.exec_module(module)
        return module

    return load


def why(answer: Any) -> str:
    """The code of a refusal that explains itself."""
    told = answer.json()
    assert told["code"] == answer.headers["guardhouse-reason"]
    assert told["hint"]
    assert told["trace"]
    return str(told["code"])


def test_every_example_has_a_test_and_says_what_it_shows():
    tested = Path(__file__).read_text(encoding="utf-8")
    for file in FOLDER.glob("*.py"):
        assert f'load("{file.stem}")' in tested
        assert file.read_text(encoding="utf-8").startswith('"""')


def test_starlette_pages(load: Load):
    with browser(load("starlette_pages").app, NAVIGATION) as client:
        away = client.get("/account")
        assert (away.status_code, away.headers["location"]) == (303, "/login?next=/account")
        assert why(client.get("/account", headers={"Sec-Fetch-Mode": "cors"})) == "no_credential"
        form = ADAS | {"next": "/account?tab=1", "_token": token_in(client.get("/login").text)}
        assert said(client.post("/login", data=form | {"_token": "made up"})) == (403, "csrf_token_invalid")
        assert client.post("/login", data=form | {"password": "wrong"}).status_code == 422
        back = client.post("/login", data=form)
        assert (back.status_code, back.headers["location"]) == (303, "/account?tab=1")
        page = client.get("/account").text
        assert "Welcome, ada@example.com." in page
        assert "Welcome" not in client.get("/account").text
        assert client.post("/logout", data={"_token": token_in(page)}).headers["location"] == "/login"
        assert client.get("/account").status_code == 303


def token_in(page: str) -> str:
    return page.partition('name="_token" value="')[2].partition('"')[0]


def test_starlette_pages_lead_nobody_to_another_host(load: Load):
    with browser(load("starlette_pages").app) as client:
        answer = client.post("/login", data=ADAS | {"next": "//evil.example"})
        assert answer.headers["location"] == "/account"


def test_fastapi_routers(load: Load):
    with browser(load("fastapi_routers").app) as client:
        assert why(client.get("/api/me")) == "no_credential"
        assert client.get("/api/hello").json() == "Hello, stranger."
        assert client.post("/login", json=ADAS | {"password": "wrong"}).status_code == 422
        assert client.post("/login", json=ADAS | {"remember": True}).json() == {"id": "1"}
        assert client.get("/api/me").json() == {"id": "1", "email": ADA.email}
        assert client.get("/api/hello").json() == "Hello, ada@example.com."
        assert client.get("/api/since").json()["since"] > 0
        assert client.post("/api/things", json={"a": "b"}).json() == {"a": "b"}
        with client.websocket_connect("wss://testserver/api/echo", headers=OWN) as socket:
            socket.send_text("hello")
            assert socket.receive_text() == "ada@example.com: hello"
        assert client.post("/logout").status_code == 204
        assert why(client.post("/api/things", content=b"{not even JSON")) == "no_credential"


def test_fastapi_routers_refuse_a_foreign_websocket(load: Load):
    with browser(load("fastapi_routers").app) as client:
        client.post("/login", json=ADAS)
        foreign = {"Origin": "https://evil.example"}
        with (
            pytest.raises(WebSocketDisconnect) as refused,
            client.websocket_connect("wss://testserver/api/echo", headers=foreign),
        ):
            pass
        assert said(refused.value) == (403, "websocket_origin")


def test_single_page_app_on_another_origin(load: Load):
    with browser(load("single_page_app").app, FRONT_END) as client:
        refused = client.post("/api/do_thing")
        assert why(refused) == "no_credential"
        assert refused.headers["access-control-allow-origin"] == FRONT_END["Origin"]
        assert client.post("/login", json=ADAS).json() == {"email": ADA.email}
        assert client.post("/api/do_thing").json() == {"done by": ADA.email}
        other = {"Origin": "https://other.example.com", "Sec-Fetch-Site": "same-site"}
        assert why(client.post("/api/do_thing", headers=other)) == "csrf_origin_untrusted"
        assert client.post("/logout").status_code == 204


def test_single_page_app_on_the_same_origin_for_a_browser_that_names_none(load: Load):
    with browser(load("single_page_app").app, {}) as client:
        assert client.get("/csrf-cookie").status_code == 204
        assert client.post("/login", json=ADAS, headers=xsrf(client)).status_code == 200
        assert why(client.post("/api/do_thing")) == "csrf_token_missing"
        assert client.post("/api/do_thing", headers=xsrf(client)).status_code == 200


def xsrf(client: TestClient) -> dict[str, str]:
    """What axios does with the cookie."""
    return {"X-XSRF-TOKEN": client.cookies["XSRF-TOKEN"]}


@pytest.mark.parametrize("threads", [False, True], ids=["asynchronous", "in threads"])
def test_sqlalchemy_users(load: Load, tmp_path: Path, threads: bool):
    app: Starlette = load("sqlalchemy_users").build(str(tmp_path / "accounts.db"), threads=threads)
    with browser(app) as client:
        assert why(client.get("/me")) == "no_credential"
        assert client.post("/login", json=ADAS | {"email": "ADA@example.com "}).json() == 1
        assert client.get("/me").json() == ADA.email
    with browser(app) as client:  # started again over the same file
        assert client.post("/login", json=ADAS).json() == 1


def test_from_config(load: Load):
    example = load("from_config")
    with browser(example.app) as client:
        assert why(client.post("/api/do_thing")) == "no_credential"
        assert client.post("/login", json=ADAS).status_code == 204
        assert client.post("/api/do_thing").json() == {"done by": ADA.email}
        assert client.get("/nova/open").json() == {"path": "/nova/open"}
        assert why(client.get("/nova/closed")) == "step_refused"
    assert "step BootTools" in str(example.house.stack("nova"))


def test_several_guards(load: Load):
    with browser(load("several_guards").app) as client:
        assert why(client.post("/report")) == "no_credential"
        assert (
            client.post("/report", headers={"X-Api-Key": "a-key-of-ada"}).json()
            == "report for ada@example.com"
        )
        assert why(client.post("/report", headers={"X-Api-Key": "wrong"})) == "credential_rejected"
        assert client.post("/login/web", json=ADAS).json() == "web"
        assert client.post("/report").json() == "report for ada@example.com"
        foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
        assert why(client.post("/report", headers=foreign)) == "csrf_origin_untrusted"
        assert client.post("/report", headers=foreign | {"X-Api-Key": "a-key-of-ada"}).status_code == 200
        assert why(client.get("/staff")) == "no_login_for_guard"
        assert client.post("/login/staff", json=ADAS).json() == "staff"
        assert client.get("/staff").json() == "staff room of ada@example.com"
        assert client.post("/login/key", json=ADAS).status_code == 422


def test_rules(load: Load):
    app = load("rules").app
    with browser(app) as client:
        assert client.get("/posts/1").json() == {"id": 1, "mine": False}
        assert why(client.get("/posts/3")) == "rule_hidden"
        assert why(client.put("/posts/1")) == "no_credential"
        assert client.post("/login", json=ADAS).json() == ADA.email
        assert client.get("/posts/1").json() == {"id": 1, "mine": True}
        assert client.put("/posts/1").json() == 1
        assert why(client.put("/posts/2")) == "rule_denied"
        assert why(client.put("/posts/3")) == why(client.put("/posts/99")) == "rule_hidden"
        assert client.post("/posts").json() == "written by ada@example.com"
        assert client.get("/admin").json() == "welcome"
    with browser(app) as client:
        client.post("/login", json=ADAS | {"email": GRACE.email})
        assert client.put("/posts/3").json() == 3
        assert why(client.post("/posts")) == "rule_denied"
        refused = client.get("/admin")
        assert why(refused) == "rule_denied"
        assert refused.json()["evidence"]["message"] == "Only Ada looks after this."
