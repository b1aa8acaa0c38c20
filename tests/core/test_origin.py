"""Our decision about where a request comes from is the table's, for every combination of what a request can say."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardhouse.core.facts import Facts, by_name
from guardhouse.core.origin import (
    AskToken,
    Origins,
    TokenState,
    origin_of,
    plainly_same,
    weigh,
    weigh_token,
    well_formed,
    whence,
)
from guardhouse.core.reasons import REASONS, Reason
from guardhouse.core.verdict import Deny, Pass

from .csrf_oracle import OWN, TABLE, TRUSTED, Asked, Token, oracle, serialised

ORIGINS = Origins(frozenset({OWN.encode()}), frozenset({TRUSTED.encode()}))

METHODS = (
    "GET",
    "HEAD",
    "OPTIONS",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "TRACE",
    "QUERY",
    "CONNECT",
    "get",
    "Post",
    "",
)
FETCH_SITES: tuple[tuple[str, ...], ...] = (
    (),
    ("same-origin",),
    ("none",),
    ("same-site",),
    ("cross-site",),
    ("",),
    ("SAME-ORIGIN",),
    ("same-origin ",),
    ("junk",),
    ("same-origin", "same-origin"),
    ("same-origin", "cross-site"),
)
ORIGIN_LINES: tuple[tuple[str, ...], ...] = (
    (),
    (OWN,),
    (TRUSTED,),
    ("null",),
    ("https://evil.test",),
    ("http://app.test",),
    ("http://front.test",),
    ("https://app.test.evil.test",),
    ("https://evilapp.test",),
    ("https://app.test@evil.test",),
    ("https://user@app.test",),
    ("https://app.test:443",),
    ("https://app.test:8443",),
    ("http://app.test:80",),
    ("https://APP.test",),
    ("HTTPS://app.test",),
    ("https://app.test/",),
    ("https://app.test.",),
    ("https://app.test ",),
    ("https://[::1]:8443",),
    ("https://",),
    ("app.test",),
    ("",),
    ("https://app.test, https://evil.test",),
    (OWN, OWN),
    (OWN, "https://evil.test"),
)
REFERERS = (
    None,
    "",
    f"{OWN}/page?a=b#c",
    OWN,
    f"{TRUSTED}/page",
    "https://evil.test/",
    "http://app.test/page",
    "https://app.test.evil.test/",
    "https://app.test@evil.test/",
    "https://evil.test?https://app.test/",
    "https://app.test#@evil.test",
    "about:blank",
)
TOKENS: tuple[tuple[Token, int], ...] = (
    ("absent", 1),
    ("valid", 1),
    ("invalid", 1),
    ("valid", 2),
    ("invalid", 2),
)
STATES = {"absent": TokenState.ABSENT, "valid": TokenState.VALID, "invalid": TokenState.INVALID}


def headers(asked: Asked) -> list[tuple[bytes, bytes]]:
    found = [(b"sec-fetch-site", site.encode()) for site in asked.fetch_site]
    found += [(b"origin", origin.encode()) for origin in asked.origin]
    found += [(b"referer", asked.referer.encode())] if asked.referer is not None else []
    return found + ([(b"x-csrf-token", b"t")] * asked.token_lines if asked.token != "absent" else [])


def ours(asked: Asked) -> Pass | Deny:
    facts = Facts(asked.method, "/", headers(asked), websocket=asked.websocket)
    verdict = weigh(whence(facts), ORIGINS)
    return weigh_token(verdict, STATES[asked.token]) if isinstance(verdict, AskToken) else verdict


def everything() -> list[Asked]:
    rows = product(METHODS, (False, True), FETCH_SITES, ORIGIN_LINES, REFERERS, TOKENS)
    return [
        Asked(method, websocket, site, origin, referer, token, lines)
        for method, websocket, site, origin, referer, (token, lines) in rows
    ]


@pytest.mark.slow
def test_code_and_table_agree_on_everything():
    differing, used = [], Counter[int]()
    for asked in everything():
        row, verdict = oracle(asked), ours(asked)
        used[TABLE.index(row)] += 1
        if (isinstance(verdict, Pass), verdict.reason) != (row.allowed, row.reason):
            differing.append((asked, row.number, verdict))
    assert not differing, differing[:5]
    assert len(used) == len(TABLE), "a row of the table that nothing reaches"


def test_the_short_cut_says_yes_where_the_table_does_and_nowhere_else():
    differing = []
    for site, origin, referer, (token, lines) in product(FETCH_SITES, ORIGIN_LINES, REFERERS, TOKENS):
        asked = Asked("POST", False, site, origin, referer, token, lines)
        single = by_name(headers(asked))
        row = oracle(asked)
        expected = (
            (True, Reason.SAME_ORIGIN) if single is not None and row.reason is Reason.SAME_ORIGIN else None
        )
        said = plainly_same(single, frozenset())
        if (said and (row.allowed, said.reason)) != expected:
            differing.append((asked, said, expected))
    assert not differing, differing[:5]


@pytest.mark.parametrize(
    ("host", "hosts", "passes"),
    [(b"app.test", {b"app.test"}, True), (b"APP.test", {b"app.test"}, True), (b"evil.test", {b"app.test"}, False),
     (None, {b"app.test"}, False), (b"evil.test", set(), True), (None, set(), True)],
)  # fmt: skip
def test_the_short_cut_is_for_hosts_of_ours(host, hosts, passes):
    named = [] if host is None else [(b"host", host)]
    single = by_name([*named, (b"sec-fetch-site", b"same-origin")])
    assert (plainly_same(single, frozenset(hosts)) is not None) is passes


@pytest.mark.parametrize(
    "asked", [Asked(), Asked(fetch_site=("cross-site",)), Asked(origin=("https://evil.test",))]
)
def test_the_status_of_a_refusal_is_forbidden(asked):
    assert REASONS[ours(asked).reason].status == 403


ANYTHING = st.sampled_from([*"htps:/.@[]0189azAZ-_ \t#?%", "://", "https://", "app.test", "null", "\u00e9"])


@given(st.lists(ANYTHING, max_size=10).map("".join))
def test_what_a_browser_could_have_written(text):
    by_us, by_the_table = well_formed(text.encode()), serialised(text)
    # An address in brackets is not read further by us than by its letters: it equals nobody's origin all the same.
    assert by_us == by_the_table or (by_us and "[" in text)


@given(st.binary(max_size=60))
def test_no_bytes_in_origin_or_referer_raise_or_let_anybody_in(value):
    for name in (b"origin", b"referer"):
        verdict = weigh(whence(Facts("POST", "/", [(name, value)])), ORIGINS)
        assert not isinstance(verdict, Pass)


@pytest.mark.parametrize(
    ("asked", "evidence"),
    [
        pytest.param(
            Asked(fetch_site=("a", "b")), {"header": "sec-fetch-site"}, id="which header came twice"
        ),
        pytest.param(Asked(origin=(OWN, OWN)), {"header": "origin"}, id="or the origin"),
        pytest.param(Asked(token="valid", token_lines=2), {"header": "x-csrf-token"}, id="or the token"),
        pytest.param(
            Asked(fetch_site=("cross-site",)), {"sec_fetch_site": "cross-site"}, id="what the browser said"
        ),
        pytest.param(
            Asked(origin=("https://app.tset",)),
            {
                "origin": "https://app.tset",
                "trusted_origins": [OWN, TRUSTED],
                "nearest": OWN,
                "differs": "the host is app.tset, the list has app.test",
            },
            id="the origin that was probably meant",
        ),
        pytest.param(
            Asked(fetch_site=("cross-site",), origin=("https://elsewhere.example",)),
            {
                "sec_fetch_site": "cross-site",
                "origin": "https://elsewhere.example",
                "trusted_origins": [OWN, TRUSTED],
            },
            id="or none that is near",
        ),
        pytest.param(
            Asked(origin=("http://app.test",)), {"origin": "http://app.test", "own": [OWN]}, id="both schemes"
        ),
        pytest.param(
            Asked(referer="https://evil.test/a"), {"referer_origin": "https://evil.test"}, id="no page's path"
        ),
        pytest.param(Asked(websocket=True), {"origin": []}, id="a WebSocket without"),
        pytest.param(Asked(websocket=True, origin=("null",)), {"origin": "null"}, id="a WebSocket with"),
        pytest.param(Asked(origin=("X" * 500,)), {"origin": "X" * 200}, id="a long one is cut"),
        pytest.param(Asked(origin=("null",)), {}, id="nothing to add"),
    ],
)
def test_the_evidence_says_what_was_seen(asked, evidence):
    verdict = ours(asked)
    assert isinstance(verdict, Deny)
    assert verdict.evidence == evidence


def test_an_origin_is_cut_out_of_a_url():
    assert origin_of(b"https://app.test:8443/a?b#c") == b"https://app.test:8443"
    assert origin_of(b"https://user:pw@app.test/") == b"https://user:pw@app.test"
    assert origin_of(b"nonsense") == b"nonsense"


def test_either_token_header_counts_and_one_of_each_is_no_repeat():
    both = [(b"x-xsrf-token", b"a"), (b"x-csrf-token", b"b")]
    assert whence(Facts("POST", "/", both)).doubled is None
    assert whence(Facts("POST", "/", [*both, both[0]])).doubled == "x-xsrf-token"


def test_a_house_that_knows_no_origin_of_its_own_still_asks_for_the_token():
    asked = weigh(whence(Facts("POST", "/", [])), Origins())
    assert asked == AskToken(Reason.CSRF_TOKEN_MISSING, {})
