"""The function guard asks an application's function about one header, once it holds exactly one readable value."""

from __future__ import annotations

import pytest

from guardhouse.core.facts import Facts
from guardhouse.core.guard import Need, ambient, scheme_of
from guardhouse.core.reasons import Reason
from guardhouse.core.verdict import Abstain, Allow, Deny, Identity
from guardhouse.errors import ConfigError
from guardhouse.guards.function import FunctionGuard
from tests.supplies import NoSupply


def find(value: str) -> str | None:
    return {"sesame": "1"}.get(value)


async def find_later(value: str) -> str | None:
    return find(value)


KEY = FunctionGuard(header="X-Api-Key", find=find).named("key", "users")
BEARER = FunctionGuard(header="Authorization", find=find).named("bearer", "users")
TOKEN = FunctionGuard(scheme="Bearer", find=find).named("token", "users")
NEED = {"need": "header X-Api-Key"}
MALFORMED = Deny("key", Reason.CREDENTIAL_MALFORMED, NEED)


def sent(*values: bytes, name: bytes = b"x-api-key") -> Facts:
    return Facts("POST", "/", [(b"cookie", b"x-api-key=sesame"), *((name, value) for value in values)])


@pytest.mark.parametrize(
    ("facts", "claim"),
    [
        pytest.param(sent(), Abstain("key", Reason.NO_CREDENTIAL, NEED), id="no such header"),
        pytest.param(
            sent(b"sesame", name=b"x-api-keys"), Abstain("key", Reason.NO_CREDENTIAL, NEED), id="another one"
        ),
        pytest.param(sent(b"sesame"), "sesame", id="one value"),
        pytest.param(sent(b" sesame\t"), "sesame", id="blanks around"),
        pytest.param(sent(b"open sesame"), "open sesame", id="a blank inside"),
        pytest.param(sent(b"sesame", b"sesame"), MALFORMED, id="two lines, even of the same"),
        pytest.param(sent(b""), MALFORMED, id="empty"),
        pytest.param(sent(b" \t"), MALFORMED, id="blank"),
        pytest.param(sent(b"s\xe9same"), MALFORMED, id="Latin-1"),
        pytest.param(sent("s\u00e9same".encode()), MALFORMED, id="UTF-8"),
        pytest.param(sent(b"sesame\x00"), MALFORMED, id="a NUL"),
        pytest.param(sent(b"ses\tame"), MALFORMED, id="a tab inside"),
        pytest.param(sent(b"\x7fsesame"), MALFORMED, id="DEL"),
    ],
)
def test_what_is_claimed(facts, claim):
    assert KEY.claim(facts) == claim


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (b"Bearer abc", True),
        (b"Token abc", True),
        (b"Basic dXNlcjpwdw==", False),
        (b"basic dXNlcjpwdw==", False),
        (b"Digest username=x", False),
        (b"Negotiate abc", False),
        (b"NTLM abc", False),
        (b"Basically mine", True),
    ],
)
def test_what_browsers_send_by_themselves_is_no_explicit_credential(value, read):
    claim = BEARER.claim(sent(value, name=b"authorization"))
    assert claim == (
        value.decode() if read else Abstain("bearer", Reason.NO_CREDENTIAL, {"need": "header Authorization"})
    )


TOKEN_NEED = {"need": "header Authorization: Bearer <token>"}
SILENT = Abstain("token", Reason.NO_CREDENTIAL, TOKEN_NEED)
BAD = Deny("token", Reason.CREDENTIAL_MALFORMED, TOKEN_NEED)


@pytest.mark.parametrize(
    ("values", "claim"),
    [
        pytest.param([], SILENT, id="no such header"),
        pytest.param([b"Bearer sesame"], "sesame", id="a token"),
        pytest.param([b"bearer sesame"], "sesame", id="lower case"),
        pytest.param([b"BEARER   sesame "], "sesame", id="blanks around"),
        pytest.param([b"Bearer 17|a.b-c_d~e+f/g=="], "17|a.b-c_d~e+f/g==", id="whatever is no blank"),
        pytest.param([b"Basic dXNlcjpwdw=="], SILENT, id="what browsers repeat"),
        pytest.param([b"Token sesame"], SILENT, id="another scheme"),
        pytest.param([b"Bearers sesame"], SILENT, id="a longer scheme"),
        pytest.param([b"sesame"], SILENT, id="another scheme, alone"),
        pytest.param([b'"Bearer" sesame'], SILENT, id="no scheme at all"),
        pytest.param([b"Bearer"], BAD, id="the scheme alone"),
        pytest.param([b"Bearer "], BAD, id="the scheme and a blank"),
        pytest.param([b"Bearer:sesame"], BAD, id="a colon"),
        pytest.param([b"Bearer\tsesame"], BAD, id="a tab"),
        pytest.param([b"Bearer open sesame"], BAD, id="a blank inside"),
        pytest.param([b"Bearer sesame, Basic x"], BAD, id="two in one line"),
        pytest.param([b"Bearer s\xe9same"], BAD, id="Latin-1"),
        pytest.param([b"Bearer sesame\x00"], BAD, id="a NUL"),
        pytest.param([b""], BAD, id="empty"),
        pytest.param([b"Bearer sesame", b"Bearer sesame"], BAD, id="two lines, even of the same"),
        pytest.param([b"Basic x", b"Bearer sesame"], BAD, id="two lines of two schemes"),
    ],
)
def test_what_is_claimed_behind_a_scheme(values, claim):
    assert TOKEN.claim(sent(*values, name=b"authorization")) == claim


@pytest.mark.parametrize("header", ["", "Authorization", "authorization"])
def test_a_scheme_is_read_from_the_one_header_it_belongs_to(header):
    guard = FunctionGuard(scheme="Bearer", header=header, find=find)
    assert (guard.header, guard.needs) == ("Authorization", (Need("header:authorization", ambient=False),))
    assert scheme_of(guard) == "Bearer"
    assert scheme_of(KEY) is None


@pytest.mark.parametrize(
    ("scheme", "header", "said"),
    [
        ("Basic", "", "Browsers send that by themselves"),
        ("NTLM", "", "Browsers send that by themselves"),
        ("", "", "Name one scheme"),
        ("Bearer ", "", "Name one scheme"),
        ('B" realm="', "", "Name one scheme"),
        ("Bearer", "X-Api-Key", "leave the header out"),
    ],
)
def test_a_scheme_that_proves_nothing_is_an_error(scheme, header, said):
    with pytest.raises(ConfigError, match=said):
        FunctionGuard(scheme=scheme, header=header, find=find)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        pytest.param(
            "1", Allow("key", Reason.CREDENTIAL_ACCEPTED, Identity("1", "users", "key", "function")), id="id"
        ),
        pytest.param(None, Deny("key", Reason.CREDENTIAL_REJECTED, NEED), id="nobody"),
    ],
)
def test_what_is_judged(found, verdict):
    assert KEY.judge("sesame", found) == verdict


@pytest.mark.parametrize("found", [1, "", True, False, b"1", object()])
def test_what_is_neither_an_id_nor_none_is_for_the_developer(found):
    with pytest.raises(ConfigError, match=r"guard key.*returns a user's id as str, or None"):
        KEY.judge("sesame", found)


@pytest.mark.parametrize("function", [find, find_later], ids=["plain", "async"])
async def test_the_function_may_be_plain_or_async(function):
    guard = FunctionGuard(header="X-Api-Key", find=function).named("key", "users")
    assert await guard.fetch("sesame", NOBODY) == "1"
    assert await guard.fetch("wrong", NOBODY) is None


NOBODY = NoSupply()


@pytest.mark.parametrize(
    "header",
    [
        "Cookie",
        "cookie",
        "Origin",
        "Referer",
        "Host",
        "User-Agent",
        "Accept",
        "Accept-Language",
        "Content-Type",
        "Content-Length",
        "Connection",
        "If-None-Match",
        "Range",
        "Sec-Fetch-Site",
    ],
)
def test_a_header_that_every_browser_sends_is_no_credential(header):
    with pytest.raises(ConfigError, match="Browsers send that by themselves"):
        FunctionGuard(header=header, find=find)


@pytest.mark.parametrize("header", ["", "X Api", "X-Api:", "X-\u00c4pi", "X-Api\n"])
def test_what_is_no_name_of_a_header_is_refused(header):
    with pytest.raises(ConfigError, match="Name one header"):
        FunctionGuard(header=header, find=find)


def test_it_declares_the_one_header_and_that_no_browser_sends_it():
    assert KEY.needs == (Need("header:x-api-key", ambient=False),)
    assert not ambient(KEY)
    assert (KEY.name, KEY.provider) == ("key", "users")
