"""A refusal as a page: no more than the reader may see, nothing that breaks out of it, and a style that its CSP lets in."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from guardhouse import Abstain, Area, Decision, Deny, Reason, Step
from guardhouse.core.answer import Refusal, problem, refusal_of
from guardhouse.edge.page import _marked, refusal_page
from tests.houses import ADA, NAVIGATION, browser, desk, log_in, starlette_house

FOREIGN = NAVIGATION | {"Sec-Fetch-Site": "cross-site", "Origin": "https://shop.example.com"}


class Read(HTMLParser):
    """A page as a browser takes it: its tags with their attributes, and the text between them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data!r}")

    @property
    def links(self) -> list[str | None]:
        return [dict(attributes)["href"] for tag, attributes in self.tags if tag == "a"]


def rows(page: str) -> dict[str, str]:
    """The checks of the page by name, each with all that it says."""
    found = re.findall(r"<li[^>]*><b>(.*?)</b>(.*?)</li>", page)
    return {name: " ".join(Read(rest).text.split()) for name, rest in found}


def visited(**changes: Any) -> TestClient:
    """A browser at an application with one stack of each kind, all of which answer programs."""
    closed = Step("closed", lambda _: Deny("closed", Reason.STEP_REFUSED))
    areas = {
        "shop": Area(guards=("key", "staff"), answers="json"),
        "closed": Area(guards=("api",), answers="json", steps=(closed,)),
        "people": Area(guards=("api",)),
    }
    house = starlette_house(**{"explain": "full", "debug": True, "areas": areas} | changes)

    def route(name: str) -> Route:
        async def endpoint(_: Request) -> Response:
            return PlainTextResponse("in")

        return Route(f"/{name}", house.requires(name)(endpoint), methods=["GET", "POST"])

    app = Starlette(routes=[*desk(house), *(route(name) for name in areas)])
    house.install(app)
    return browser(app)


@pytest.fixture(scope="module")
def client():
    with visited() as client:
        yield log_in(client, ADA)


def test_the_whole_refusal_is_on_the_page(client):
    page = client.get("/shop", headers=NAVIGATION)
    told = client.get("/shop").json()
    assert (page.status_code, page.headers["content-type"]) == (401, "text/html; charset=utf-8")
    text = Read(page.text).text
    for piece in (told["title"], told["code"], told["hint"], *told["evidence"].values()):
        assert piece in text
    assert "no_login_for_guard" in page.headers["guardhouse-reason"]


def test_a_guest_at_an_area_for_programs_is_shown_the_way_to_the_login():
    with visited() as client:
        assert Read(client.get("/shop", headers=NAVIGATION).text).links == ["/login"]


def test_who_may_not_is_not_sent_to_the_login(client):
    assert Read(client.get("/closed", headers=NAVIGATION).text).links == []


def test_the_silence_that_became_the_answer_is_marked(client):
    checks = rows(client.get("/shop", headers=NAVIGATION).text)
    assert list(checks) == ["guard key", "origin", "session", "guard staff"]
    assert checks["guard key"].startswith("abstained no_credential")
    assert checks["origin"].startswith("passed safe_method")
    assert checks["session"].startswith("because staff reads it")
    assert checks["guard staff"].startswith("abstained, and this is the answer no_login_for_guard")


def test_what_stands_behind_the_refusal_was_not_reached(client):
    checks = rows(client.post("/shop", headers=FOREIGN).text)
    assert checks["origin"].startswith("refused, and this is the answer csrf_origin_untrusted")
    assert checks["session"] == checks["guard staff"] == "not reached"


def test_a_cookie_beside_a_bad_key_was_left_aside(client):
    checks = rows(client.get("/shop", headers=NAVIGATION | {"X-Api-Key": "wrong"}).text)
    assert checks["guard key"].startswith("refused, and this is the answer credential_rejected")
    assert checks["session"].startswith("left aside cookie_not_read")


def test_a_step_speaks_under_its_own_name(client):
    checks = rows(client.get("/closed", headers=NAVIGATION).text)
    assert checks["step closed"].startswith("refused, and this is the answer step_refused")


def test_stacked_causes_are_numbered_and_the_answer_is_marked(client):
    page = client.post("/shop", headers=FOREIGN).text
    causes = re.findall(r"<li( class=\"answer\")?><h3>.*?</p><code>(.*?)</code></li>", page)
    assert causes == [(' class="answer"', "csrf_origin_untrusted"), ("", "no_login_for_guard")]
    assert "What to mend, in this order" in page
    assert "<code>Guardhouse(trusted_origins=[&#x27;https://shop.example.com&#x27;])</code>" in page


def test_a_single_cause_that_says_why_stands_for_the_hint(client):
    headers = {"Cookie": "XSRF-TOKEN=a; __Host-gh=" + "a" * 43, "Accept": "text/html", "Sec-Fetch-Site": ""}
    page = Read(
        TestClient(client.app, base_url="https://testserver").post("/shop", headers=headers).text
    ).text
    assert "csrf_cross_site" in page
    del headers["Sec-Fetch-Site"]
    page = Read(
        TestClient(client.app, base_url="https://testserver").post("/shop", headers=headers).text
    ).text
    assert "What to mend" in page
    assert "csrf_cookie_without_header" in page


def test_the_request_can_be_asked_again(client):
    page = client.get("/shop", headers=NAVIGATION)
    assert "guardhouse explain APP GET https://testserver/shop" in Read(page.text).text
    assert "guardhouse reason no_login_for_guard" in Read(page.text).text
    assert client.cookies["__Host-gh"] not in page.text
    assert client.get("/shop").json()["repeat"].endswith("-b '__Host-gh=<value>' -b 'XSRF-TOKEN=<value>'")


@pytest.mark.parametrize(
    ("hint", "codes"),
    [
        ("Say CookiePolicy(name='x', f=g(1)), then go.", ["CookiePolicy(name=&#x27;x&#x27;, f=g(1))"]),
        ("fetch with credentials: 'include', and axios", ["credentials: &#x27;include&#x27;"]),
        (
            "public_url='https://...', or GET /csrf-cookie.",
            ["public_url=&#x27;https://...&#x27;", "GET /csrf-cookie"],
        ),
        ("Log in. (Really.) <b>", []),
    ],
)
def test_what_is_to_be_written_somewhere_is_set_apart(hint, codes):
    marked = _marked(hint)
    assert re.findall("<code>(.*?)</code>", marked) == codes
    assert Read(marked).text == hint


def test_who_stands_in_no_stack_comes_last():
    verdicts = (Abstain("api", Reason.NO_LOGIN), Deny("store", Reason.STORE_UNAVAILABLE, {"trouble": "away"}))
    refusal = refusal_of(Decision("api", verdicts[1], verdicts))
    page = refusal_page(problem(refusal, "full"), stack=starlette_house().stack("api"))
    assert list(rows(page)) == ["origin", "session", "guard api", "store"]
    assert rows(page)["store"].startswith("refused, and this is the answer")


def test_a_refusal_outside_of_any_stack_has_no_checks():
    page = refusal_page(problem(Refusal(Reason.SESSION_GONE, "session"), "full"))
    assert rows(page) == {}
    assert "How it was decided" not in page


@pytest.mark.parametrize(
    ("explain", "text"),
    [
        ("code", "401 no_credential The request carries nothing that this guard could read."),
        ("off", "401 Unauthorized"),
    ],
)
def test_outsiders_are_told_no_more_than_the_problem_document_says(explain: str, text: str):
    with visited(explain=explain, login_url=None) as client:
        answer = client.get("/people", headers=NAVIGATION)
    body = answer.text.partition("<body>")[2]
    assert " ".join(Read(body.replace("<h1>", " <h1>")).text.split()) == text
    assert ("guardhouse-reason" in answer.headers) is (explain == "code")


def test_the_policy_lets_in_exactly_this_style(client):
    answer = client.get("/shop", headers=NAVIGATION)
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    expected = b64encode(sha256(style.encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert f"style-src 'sha256-{expected}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "style=" not in answer.text
    assert "<script" not in answer.text


@pytest.mark.parametrize(
    ("value", "shown"),
    [(["a", "b"], "a, b"), ([], "none"), (None, "None"), (3, "3"), ("\ud800", "\\ud800")],
)
def test_evidence_of_any_kind_is_written_for_people(value: object, shown: str):
    refusal = Refusal(Reason.NO_LOGIN, "api", {"found": value})
    page = refusal_page(problem(refusal, "full"))
    assert f"<td>{shown}</td>" in page
    page.encode()


TEXTS = st.text() | st.sampled_from(
    ["</td><script>", '"><b x="', "<!-- ", "&lt;", "'", "</style>", "\x00", "\r\n"]
)


def page_of(by: str, evidence: dict[str, Any], login_url: str, stack: str) -> Read:
    verdict = Deny(by, Reason.NO_LOGIN, evidence)
    refusal = refusal_of(Decision(stack, verdict, (Abstain(by, Reason.NO_CREDENTIAL, evidence), verdict)))
    page = refusal_page(problem(refusal, "full"), login_url=login_url)
    page.encode("utf-8")
    return Read(page)


@given(
    by=TEXTS, key=TEXTS.filter(bool), value=TEXTS | st.lists(TEXTS), login_url=TEXTS.filter(bool), stack=TEXTS
)
def test_nothing_that_a_request_says_can_break_out(by, key, value, login_url, stack):
    harmless = page_of("by", {"key": ["value"]}, "/login", "stack")
    found = page_of(by, {key: value}, login_url, stack)
    if value in ("", []):  # no evidence, no line for it
        return
    without_links = [[tag for tag in page.tags if tag[0] != "a"] for page in (harmless, found)]
    assert without_links[0] == without_links[1]
    assert len(found.links) == 1
