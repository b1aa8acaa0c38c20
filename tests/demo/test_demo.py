"""The demo's table of routes, over HTTP in process."""

from __future__ import annotations

import re
import json
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from guardhouse.demo.app import build
from guardhouse.demo.settings import Settings
from tests.demo.conftest import ADA, GRACE, ORIGIN, PASSWORD, NewClient, browser, logged_in

NAVIGATION = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
SESSION = "__Host-gh"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 200, None),
        ("GET", "/login", 200, None),
        ("POST", "/logout", 200, None),
        ("GET", "/csrf-cookie", 204, None),
        ("GET", "/public", 200, None),
        ("GET", "/docs", 200, None),
        ("GET", "/openapi.json", 200, None),
        ("GET", "/broken", 200, None),
        ("GET", "/static/axios.min.js", 200, None),
        ("GET", "/api/me", 401, "no_credential"),
        ("HEAD", "/api/me", 401, "no_credential"),
        ("DELETE", "/api/me", 401, "no_credential"),
        ("GET", "/api/nothing/here", 401, "no_credential"),
        ("GET", "/nothing/here", 404, None),
        ("DELETE", "/public", 405, None),
        ("POST", "/api/do_thing", 401, "no_credential"),
        ("GET", "/account", 401, "no_credential"),
    ],
)
def test_what_a_stranger_gets(client: TestClient, method, path, status, code):
    response = client.request(method, path)
    assert (response.status_code, response.headers.get("guardhouse-reason")) == (status, code)


def test_a_login_by_json_sets_a_cookie_no_script_can_read(client: TestClient):
    response = client.post("/login", json=ADA)
    assert response.status_code == 200
    assert response.json() == {"done": "logged-in"}
    cookie = next(line for line in response.headers.get_list("set-cookie") if line.startswith(f"{SESSION}="))
    assert {"HttpOnly", "Secure", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert client.get("/api/me").json() == {"id": "1", "email": "ada@example.com"}


@pytest.mark.parametrize(("remember", "lasts"), [(True, True), (False, False)])
def test_remember_gives_this_browser_a_cookie_of_its_own(client: TestClient, remember: bool, lasts: bool):
    lines = client.post("/login", json={**ADA, "remember": remember}).headers.get_list("set-cookie")
    (session,) = [line for line in lines if line.startswith(f"{SESSION}=")]
    assert "Max-Age" not in session
    assert any(line.startswith(f"{SESSION}-remember=") and "Max-Age" in line for line in lines) is lasts


def test_the_thing_is_counted_for_each_user(new_client: NewClient):
    ada, grace = logged_in(new_client()), logged_in(new_client(), GRACE)
    first = ada.post("/api/do_thing").json()["done"]
    assert ada.post("/api/do_thing").json() == {"done": first + 1}
    assert grace.post("/api/do_thing").json()["done"] != first + 2


@pytest.mark.parametrize(
    ("wanted", "location"),
    [
        ("", "/"),
        ("/account", "/account"),
        ("/account?tab=2", "/account?tab=2"),
        ("//evil.example", "/"),
        ("///evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        (" https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("data:text/html,x", "/"),
        ("/a\r\nSet-Cookie: x=1", "/"),
    ],
)
def test_a_login_by_form_leads_to_the_page_that_was_wanted_and_never_elsewhere(
    client: TestClient, wanted, location
):
    by_field = client.post("/login", data={**ADA, "next": wanted}, headers=NAVIGATION)
    assert (by_field.status_code, by_field.headers["location"]) == (303, location)
    by_query = client.post("/login", data=ADA, params={"next": wanted}, headers=NAVIGATION)
    assert by_query.headers["location"] == location


def test_a_navigation_to_a_protected_page_goes_to_the_login_and_comes_back(client: TestClient):
    sent = client.get("/account", headers=NAVIGATION)
    assert (sent.status_code, sent.headers["location"]) == (303, "/login?next=/account")
    form = client.get(sent.headers["location"], headers=NAVIGATION).text
    assert 'name="next" value="/account"' in form
    back = client.post("/login", data={**ADA, "next": "/account"}, headers=NAVIGATION)
    assert back.headers["location"] == "/account"
    page = client.get("/account", headers=NAVIGATION)
    assert (page.status_code, "ada@example.com" in page.text) == (200, True)


def test_the_login_page_has_nothing_to_ask_of_somebody_who_is_inside(client: TestClient):
    assert logged_in(client).get("/login?next=/account").headers["location"] == "/account"


UNIFORM = [
    pytest.param({"email": "ada@example.com", "password": "wrong"}, id="wrong password"),
    pytest.param({"email": "nobody@example.com", "password": "wrong"}, id="unknown account"),
    pytest.param({"email": "ada@example.com", "password": ""}, id="empty password"),
    pytest.param({"email": "ada@example.com", "password": "a" * 4096}, id="a very long password"),
    pytest.param({"email": "ada@example.com\0", "password": PASSWORD}, id="NUL in the address"),
    pytest.param({"email": "a\r\nSet-Cookie: x=1", "password": "b"}, id="CRLF in the address"),
]


@pytest.mark.parametrize("handed", UNIFORM)
def test_bad_credentials_get_one_uniform_answer(client: TestClient, handed):
    response = client.post("/login", json=handed)
    model = client.post("/login", json={"email": "another@example.com", "password": "x"})
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "login_failed"
    assert response.content == model.content
    assert dict(response.headers) == dict(model.headers)
    assert SESSION not in response.cookies


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        pytest.param(b"", "application/json", 422, id="empty"),
        pytest.param(b"{", "application/json", 422, id="cut off"),
        pytest.param(b"null", "application/json", 422, id="null"),
        pytest.param(b"[]", "application/json", 422, id="a list"),
        pytest.param(b"\xff\xfe", "application/json", 422, id="not UTF-8"),
        pytest.param(b"[" * 10_000, "application/json", 422, id="deep"),
        pytest.param(b'{"a":' * 3_000, "application/json", 422, id="deep objects"),
        pytest.param(
            b'{"email":"a","password":"b","c":' + b"[" * 8_000 + b"]" * 8_000 + b"}",
            "application/json",
            422,
            id="deep extra",
        ),
        pytest.param(b"[" * 100_000, "application/json", 413, id="too long"),
        pytest.param(
            b'{"email":"\\ud800","password":"x"}', "application/json", 422, id="half a surrogate pair"
        ),
        pytest.param(
            b'{"email":"x","password":"\\ud800"}',
            "application/json",
            422,
            id="half a surrogate pair as password",
        ),
        pytest.param(b'{"email":"a","password":null}', "application/json", 422, id="null password"),
        pytest.param(b'{"email":"a","password":0}', "application/json", 422, id="number password"),
        pytest.param(b'{"email":"a","password":["b"]}', "application/json", 422, id="list password"),
        pytest.param(b'{"email":"a","password":{"$ne":""}}', "application/json", 422, id="object password"),
        pytest.param(b'{"email":["a","b"],"password":"x"}', "application/json", 422, id="two names"),
        pytest.param(
            b'{"email":"a","password":"b","password":"c"}', "application/json", 422, id="a field twice"
        ),
        pytest.param(
            b'{"email":"a","password":"b","remember":"yes"}', "application/json", 422, id="remember as text"
        ),
        pytest.param(b'{"email":"a"}', "application/json", 422, id="no password"),
        pytest.param(b"email=a", "application/x-www-form-urlencoded", 422, id="form without password"),
        pytest.param(
            b"email=a&email=b&password=c", "application/x-www-form-urlencoded", 422, id="form field twice"
        ),
        pytest.param(b"email=%ff&password=c", "application/x-www-form-urlencoded", 422, id="form not UTF-8"),
        pytest.param(
            "email=é&password=c".encode(), "application/x-www-form-urlencoded", 422, id="form not ASCII"
        ),
        pytest.param(
            b"&".join([b"a=b"] * 50), "application/x-www-form-urlencoded", 422, id="form of many fields"
        ),
        pytest.param(b"{}", "text/plain", 415, id="text"),
        pytest.param(b"{}", "application/jsonx", 415, id="almost JSON"),
        pytest.param(b"{}", "", 415, id="no type"),
        pytest.param(b"--x--", "multipart/form-data; boundary=x", 415, id="multipart"),
    ],
)
def test_what_cannot_be_read_is_a_clear_refusal_and_never_an_error(client: TestClient, body, kind, status):
    response = client.post("/login", content=body, headers={"Content-Type": kind})
    assert response.status_code == status
    assert response.headers.get("guardhouse-reason") == ("form_invalid" if status == 422 else None)
    assert SESSION not in response.cookies


def test_a_person_sees_the_form_again_with_the_text(client: TestClient):
    wrong = {**ADA, "password": "mistyped", "next": "/account"}
    response = client.post("/login", data=wrong, headers=NAVIGATION)
    assert response.status_code == 422
    assert "These credentials do not match our records." in response.text
    assert 'value="ada@example.com"' in response.text
    assert 'name="next" value="/account"' in response.text
    assert "mistyped" not in response.text


def test_a_person_who_must_wait_is_told_so_on_the_form(fresh_client: TestClient):
    wrong = {**ADA, "password": "wrong"}
    answers = [fresh_client.post("/login", data=wrong, headers=NAVIGATION) for _ in range(11)]
    assert answers[-1].status_code == 429
    assert "Too many logins were tried for this account." in answers[-1].text
    assert answers[-1].headers["retry-after"]


def test_an_account_that_is_tried_in_vain_is_throttled_whatever_its_letter_case(fresh_client: TestClient):
    client = fresh_client
    guesses = [
        client.post("/login", json={"email": "ada@example.com", "password": "wrong"}) for _ in range(11)
    ]
    assert [response.status_code for response in guesses] == [422] * 10 + [429]
    assert 0 < int(guesses[-1].headers["retry-after"]) <= 300
    assert guesses[-1].json()["code"] == "login_throttled"
    assert client.post("/login", json={"email": "  ADA@Example.com ", "password": "wrong"}).status_code == 429
    assert client.post("/login", json=ADA).status_code == 429
    assert client.post("/login", json=GRACE).status_code == 200


def test_a_login_forgives_the_failures_before_it(fresh_client: TestClient):
    client = fresh_client
    wrong = {"email": "ada@example.com", "password": "wrong"}
    for _ in range(3):
        assert [client.post("/login", json=wrong).status_code for _ in range(9)] == [422] * 9
        assert client.post("/login", json=ADA).status_code == 200


def test_a_page_of_another_site_can_neither_log_in_nor_log_out_nor_use_up_tries(client: TestClient):
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert {client.post("/login", data=ADA, headers=foreign).status_code for _ in range(12)} == {403}
    assert logged_in(client).post("/logout", headers=foreign).status_code == 403
    assert client.get("/api/me").status_code == 200


def test_an_old_browser_logs_in_with_the_token_of_the_form(app):
    plain = TestClient(app, base_url=ORIGIN, follow_redirects=False)
    form = plain.get("/login", headers={"Accept": "text/html"}).text
    token = form.split('name="_token" value="')[1].split('"')[0]
    assert plain.post("/login", data=ADA, headers={"Accept": "text/html"}).status_code == 403
    response = plain.post("/login", data={**ADA, "_token": token}, headers={"Accept": "text/html"})
    assert (response.status_code, response.headers["location"]) == (303, "/")


def test_logout_ends_the_session_on_the_server_and_clears_the_client(client: TestClient):
    stolen = logged_in(client).cookies[SESSION]
    response = client.post("/logout")
    assert response.status_code == 200
    assert "storage" in response.headers["clear-site-data"]
    again = client.get("/api/me", headers={"Cookie": f"{SESSION}={stolen}"})
    assert (again.status_code, again.json()["code"]) == (401, "session_unknown")


def test_logout_by_form_says_so(client: TestClient):
    response = logged_in(client).post("/logout", data={"x": "y"})
    assert (response.status_code, response.headers["location"]) == (303, "/done?what=logged-out")


def test_the_csrf_cookie_is_one_that_a_script_can_read_and_send_back(app):
    plain = TestClient(app, base_url=ORIGIN)
    assert plain.get("/csrf-cookie").status_code == 204
    response = plain.post("/login", json=ADA, headers={"X-XSRF-TOKEN": plain.cookies["XSRF-TOKEN"]})
    assert response.status_code == 200
    header = {"X-CSRF-TOKEN": plain.cookies["XSRF-TOKEN"]}
    assert plain.post("/api/do_thing", headers=header).status_code == 200
    assert plain.post("/api/do_thing").json()["code"] == "csrf_token_missing"


def test_a_refusal_is_explained_in_full(client: TestClient):
    problem = client.get("/api/me").json()
    assert problem["stack"] == "api"
    assert problem["hint"].startswith("Log in first.")
    assert problem["trace"][-1]["code"] == problem["code"] == "no_credential"


def test_the_socket_echoes_with_the_id_and_refuses_a_stranger(new_client: NewClient):
    ada = logged_in(new_client())
    with ada.websocket_connect("wss://127.0.0.1:8000/api/ws", headers={"Origin": ORIGIN}) as socket:
        socket.send_text("hello")
        assert socket.receive_text() == "1: hello"
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        new_client().websocket_connect("wss://127.0.0.1:8000/api/ws", headers={"Origin": ORIGIN}),
    ):
        pass
    assert refused.value.status_code == 401


@pytest.mark.parametrize("path", ["/", "/login", "/docs"])
def test_a_page_loads_nothing_foreign_and_holds_no_script_of_its_own(client: TestClient, path):
    response = client.get(path)
    policy = response.headers["content-security-policy"]
    assert {"default-src 'none'", "script-src 'self'"} <= set(policy.split("; "))
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy
    assert all(re.match(' src="/[^/]', tag) for tag in _opened(response.text, "<script"))
    assert response.headers["x-content-type-options"] == "nosniff"


def _opened(text: str, tag: str) -> list[str]:
    return [piece.split(">")[0] for piece in text.split(tag)[1:]]


def test_the_page_is_written_as_in_the_thread(client: TestClient):
    script = client.get("/static/thread.js").text
    assert (
        "axios.defaults.headers.common = {\n  'X-Requested-With': 'XMLHttpRequest',\n  'X-CSRF-TOKEN': window.csrf_token\n};"
        in script
    )
    assert "axios.post('/api/do_thing');" in script
    assert "X-CSRF-TOKEN" in client.get("/").text


def test_a_name_in_the_page_is_text(client: TestClient):
    assert "<script>" not in client.get('/login?next=/"><script>alert(1)</script>').text


@pytest.mark.parametrize(
    ("host", "second"),
    [
        ("127.0.0.1:8000", "https://localhost:8000"),
        ("localhost:8000", "https://127.0.0.1:8000"),
        ("x'; script-src *", ""),
        ("a.example", ""),
    ],
)
def test_only_the_other_name_of_this_machine_may_be_called_besides(client: TestClient, host, second):
    policy = client.get("/", headers={"Host": host}).headers["content-security-policy"]
    assert f"connect-src 'self' {second}".rstrip() + ";" in policy


def test_openapi_tells_of_token_and_session_and_the_refusals(client: TestClient):
    operation = client.get("/openapi.json").json()["paths"]["/api/do_thing"]["post"]
    assert operation["security"] == [{"token": []}, {"jwt": []}, {"session": []}]
    assert {"200", "401", "403"} <= set(operation["responses"])


def test_with_a_file_users_logins_and_counts_survive_a_restart(tmp_path):
    settings = Settings(tls=True, store=f"sqlite:///{tmp_path}/demo.db", users=2)
    with browser(build(settings)) as before:
        logged_in(before)
        assert before.post("/api/do_thing").json() == {"done": 1}
        cookies = dict(before.cookies)
    with browser(build(settings)) as after:
        after.cookies.update(cookies)
        assert after.post("/api/do_thing").json() == {"done": 2}
        after.cookies.clear()
        assert after.post("/login", json={**ADA, "email": "user2@example.com"}).status_code == 200
        assert after.get("/api/me").json()["id"] == "4"


def test_a_trusted_front_end_may_call():
    app = build(Settings(tls=True, trusted_origins=("https://app.example",)))
    with browser(app) as client:
        headers = {"Origin": "https://app.example", "Sec-Fetch-Site": "cross-site"}
        assert logged_in(client).post("/api/do_thing", headers=headers).status_code == 200


def test_a_foreign_host_name_is_refused_before_anything_changes(client: TestClient):
    response = client.post("/api/do_thing", headers={"Host": "evil.example"})
    assert response.status_code in (401, 421)
    assert (
        logged_in(client).post("/api/do_thing", headers={"Host": "evil.example"}).json()["code"]
        == "host_unlisted"
    )


def test_the_answer_to_a_login_holds_no_secret(client: TestClient):
    response = client.post("/login", json=ADA)
    assert PASSWORD not in json.dumps([response.text, dict(response.headers)])


FORGED = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}


@pytest.fixture
def program() -> Iterator[TestClient]:
    """Call a demo of its own with Ada's token, from nowhere a browser would be."""
    settings = Settings(tls=True)
    with TestClient(build(settings), base_url=ORIGIN) as client:
        client.headers["Authorization"] = f"Bearer {settings.api_token.plain}"
        yield client


def test_a_program_comes_in_by_its_token_and_is_never_asked_where_from(program: TestClient):
    assert program.get("/api/me").json() == {"id": "1", "email": "ada@example.com"}
    assert program.post("/api/do_thing").json() == {"done": 1}
    answer = program.post("/api/do_thing", headers=FORGED)
    assert (answer.json(), answer.headers["vary"]) == ({"done": 2}, "Authorization")
    with program.websocket_connect("wss://127.0.0.1:8000/api/ws") as socket:
        socket.send_text("hello")
        assert socket.receive_text() == "1: hello"


def test_a_bad_token_is_final_even_beside_a_session(client: TestClient):
    answer = logged_in(client).get("/api/me", headers={"Authorization": "Bearer wrong"})
    assert (answer.status_code, answer.json()["code"]) == (401, "credential_unknown")
    assert answer.headers["www-authenticate"].startswith('Bearer realm="guardhouse", error="invalid_token"')


def test_the_token_opens_no_page_for_people(program: TestClient):
    assert program.get("/account").json()["code"] == "no_credential"


def test_every_start_has_a_token_of_its_own_that_its_settings_do_not_show():
    one, other = Settings(controls="hooks"), Settings()
    assert one.api_token != other.api_token
    assert len(one.api_token.plain) > 40
    assert one.api_token.plain not in repr(one)
    assert "hooks" not in repr(one)


@pytest.mark.parametrize("method", ["DELETE", "PUT", "QUERY", "FOO"])
def test_a_forged_request_by_a_method_that_no_route_has_is_refused_as_forged(client: TestClient, method):
    answer = logged_in(client).request(method, "/api/do_thing", headers=FORGED)
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_origin_untrusted")


def test_below_the_api_whoever_is_let_in_is_told_what_there_is(program: TestClient):
    gone, other = program.get("/api/nothing/here"), program.delete("/api/do_thing")
    assert (gone.status_code, other.status_code, other.headers["allow"]) == (404, 405, "POST")
    with (
        pytest.raises(WebSocketDisconnect),
        program.websocket_connect("wss://127.0.0.1:8000/api/nothing"),
    ):
        pass


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing/here", 404),
        ("GET", "/API/me", 404),
        ("GET", "//api/me", 404),
        ("GET", "/static/nothing.js", 404),
        ("DELETE", "/public", 405),
        ("POST", "/login", 415),
    ],
)
def test_no_cache_keeps_an_error(client: TestClient, method, path, status):
    answer = client.request(method, f"{ORIGIN}{path}", content=b"x")
    assert (answer.status_code, answer.headers["cache-control"]) == (status, "no-store")


# -- tokens of every kind -------------------------------------------------------------------------------------------


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_user_issues_a_token_that_is_good_for_what_it_says(client: TestClient, new_client):
    made = logged_in(client).post("/api/tokens", json={"name": "laptop", "abilities": ["read"]})
    assert made.status_code == 201
    token, program = made.json()["token"], new_client()
    assert program.get("/api/done", headers=bearer(token)).status_code == 200
    refused = program.post("/api/do_thing", headers=bearer(token))
    assert (refused.status_code, refused.json()["code"]) == (403, "ability_missing")
    assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]
    assert made.json()["id"] in [one["id"] for one in client.get("/api/tokens").json()["tokens"]]
    assert client.delete(f"/api/tokens/{made.json()['id']}").status_code == 204
    assert program.get("/api/done", headers=bearer(token)).json()["code"] == "token_unknown"


def test_a_signed_token_is_good_without_a_session(client: TestClient, new_client):
    token = logged_in(client).post("/api/access-token").json()["access_token"]
    assert new_client().post("/api/do_thing", headers=bearer(token)).status_code == 200
    assert new_client().get("/api/me", headers=bearer(f"{token[:-4]}AAAA")).json()["code"] == "jwt_signature"


def test_a_signed_token_can_be_taken_back_by_whoever_holds_it(client: TestClient):
    logged_in(client)
    first, second = (client.post("/api/access-token").json()["access_token"] for _ in range(2))
    assert client.delete("/api/access-token", headers=bearer(first)).status_code == 204
    assert client.get("/api/me", headers=bearer(first)).json()["code"] == "jwt_revoked"
    assert client.get("/api/me", headers=bearer(second)).status_code == 200
    assert client.delete("/api/access-token").status_code == 401  # a login is no signed token


def test_only_ada_enters_the_panel(new_client):
    assert logged_in(new_client()).get("/admin/").json()["admin"] == "ada@example.com"
    grace = new_client()
    assert grace.post("/login", json={**ADA, "email": "grace@example.com"}).status_code == 200
    answer = grace.get("/admin/")
    assert (answer.status_code, answer.json()["code"]) == (403, "rule_denied")
    assert new_client().get("/admin/").status_code == 401


def test_the_printed_token_is_replaced_at_every_start(tmp_path):
    store = f"sqlite:///{tmp_path}/demo.db"
    first, second = Settings(tls=True, store=store), Settings(tls=True, store=store)
    for settings in (first, second):
        with TestClient(build(settings), base_url=ORIGIN) as client:
            assert client.get("/api/me", headers=bearer(settings.api_token.plain)).status_code == 200
    with TestClient(build(second), base_url=ORIGIN) as client:
        assert client.get("/api/me", headers=bearer(first.api_token.plain)).json()["code"] == "token_unknown"
