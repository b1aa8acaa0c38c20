"""Logging in and out over HTTP, by a program and by a person."""

from __future__ import annotations

import pytest

from tests.houses import ADA, NAVIGATION, PASSWORD, SESSION

RIGHT = {"email": ADA.email, "password": PASSWORD}


def test_a_program_logs_in_and_out(world):
    client = world.visitor()
    assert client.post("/login", json=RIGHT).json() == {"done": "logged-in"}
    assert client.get("/me").json() == {"email": ADA.email}
    assert client.post("/logout").json() == {"done": "logged-out"}
    assert client.get("/me").status_code == 401


def test_a_person_logs_in_and_is_where_he_wanted_to_be(world):
    client = world.visitor(**NAVIGATION)
    page = client.get("/login?next=/me%3Fa=1")
    assert page.status_code == 200
    assert 'name="next" value="/me?a=1"' in page.text
    answer = client.post("/login", data=RIGHT | {"next": "/me?a=1"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/me?a=1")


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", " /me", ""]
)
def test_nobody_is_sent_to_another_site(world, wanted):
    client = world.visitor(**NAVIGATION)
    answer = client.post("/login", data=RIGHT | {"next": wanted}, follow_redirects=False)
    assert answer.headers["location"] == "/"


def test_a_person_with_a_wrong_password_gets_the_form_again_without_it(world):
    client = world.visitor(**NAVIGATION)
    answer = client.post("/login", data=RIGHT | {"password": "wrong <b>"})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert 'value="ada@example.com"' in answer.text
    assert "wrong" not in answer.text.replace('class="wrong"', "").replace(".wrong", "").replace(
        "field-wrong", ""
    )
    assert SESSION not in client.cookies


def test_an_unknown_account_and_a_wrong_password_are_one(world):
    answers = [
        world.visitor().post("/login", json={"email": email, "password": "wrong"})
        for email in (ADA.email, "nobody@example.com")
    ]
    one, other = (
        (answer.status_code, answer.content, {k: v for k, v in answer.headers.items() if k != "date"})
        for answer in answers
    )
    assert one == other


@pytest.mark.parametrize(
    ("sent", "status", "field"),
    [
        ({"json": {}}, 422, "email"),
        ({"json": {"email": ADA.email}}, 422, "password"),
        ({"json": {"email": ADA.email, "password": None}}, 422, "password"),
        ({"json": {"email": ADA.email, "password": 0}}, 422, "password"),
        ({"json": {"email": ADA.email, "password": {"$ne": ""}}}, 422, "password"),
        ({"json": {"email": [ADA.email], "password": PASSWORD}}, 422, "email"),
        ({"json": []}, 422, "body"),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 422, "body"),
        (
            {"content": b'{"email":"a","email":"b"}', "headers": {"Content-Type": "application/json"}},
            422,
            "body",
        ),
        ({"content": b'{"email":"\\ud800"}', "headers": {"Content-Type": "application/json"}}, 422, "body"),
        (
            {"content": b"email=a&email=b", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
            422,
            "",
        ),
        (
            {"content": b"email=%ff", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
            422,
            "",
        ),
        ({"content": b"{}", "headers": {"Content-Type": "text/plain"}}, 415, None),
        ({"content": b"x" * 70_000, "headers": {"Content-Type": "application/json"}}, 413, None),
    ],
)
def test_what_cannot_be_read_says_so_and_is_not_repeated(world, sent, status, field):
    answer = world.visitor().post("/login", **sent)
    assert answer.status_code == status
    if field:
        assert answer.json()["errors"][0]["field"] == field
        assert PASSWORD not in answer.text


def test_another_site_logs_nobody_in(world):
    for sent in ({"json": RIGHT}, {"data": RIGHT}):
        answer = world.visitor(**{"Sec-Fetch-Site": "cross-site"}).post("/login", **sent)
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf_cross_site")


def test_a_form_of_an_old_browser_brings_its_token(world):
    client = world.visitor()
    del client.headers["Sec-Fetch-Site"]
    token = (
        client.get("/login", headers=NAVIGATION).text.partition('name="_token" value="')[2].partition('"')[0]
    )
    assert client.post("/login", data=RIGHT, follow_redirects=False).status_code == 403
    assert client.post("/login", data=RIGHT | {"_token": token}, follow_redirects=False).status_code == 303


def test_a_page_loads_nothing_foreign_and_tells_nobody_where_it_is(world):
    headers = world.visitor().get("/login").headers
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe-inline" not in headers["content-security-policy"]
    assert "no-store" in headers["cache-control"]


def test_guesses_are_counted_by_account_whatever_its_letters(world):
    client = world.visitor()
    answers = [
        client.post("/login", json={"email": email, "password": "wrong"})
        for email in (ADA.email, " ADA@EXAMPLE.COM ") * 6
    ]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0
