"""The token column of the thread's own driver: looked up by its hash, never empty, and out of URLs unless somebody insists."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import pytest

from guardhouse import Abstain, Allow, ConfigError, Deny, Facts, MemoryUsers, Reason, User
from guardhouse.core.guard import ambient
from guardhouse.guards.legacy_token import LegacyTokenGuard
from tests.houses import starlette_house
from tests.supplies import NoSupply

TOKEN = "a-token-of-the-thread"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member(User):
    """A user with the column of the thread."""

    api_token: str | None = None
    plain: str | None = None


USERS = MemoryUsers(
    [
        Member(id="1", email="ada@example.com", api_token=sha256(TOKEN.encode()).hexdigest(), plain=TOKEN),
        Member(id="2", email="grace@example.com"),
        Member(id="3", email="one@example.com", plain="shared"),
        Member(id="4", email="two@example.com", plain="shared"),
    ]
)


class Supply(NoSupply):
    def provider(self, name: str) -> Any:
        return USERS


def guard(**changes: Any) -> LegacyTokenGuard:
    return LegacyTokenGuard(**changes).named("api", "users")


async def judged(by: LegacyTokenGuard, *lines: str, query: bytes = b"") -> Any:
    claim: Any = by.claim(
        Facts("GET", "/", [(b"authorization", line.encode()) for line in lines], query=query)
    )
    return claim if isinstance(claim, Abstain | Deny) else by.judge(claim, await by.fetch(claim, Supply()))


def as_basic(text: str) -> str:
    return f"Basic {b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    ("changes", "lines", "query", "reason"),
    [
        ({}, (f"Bearer {TOKEN}",), b"", Reason.CREDENTIAL_ACCEPTED),
        ({}, ("Bearer wrong",), b"", Reason.CREDENTIAL_REJECTED),
        ({}, (f"Bearer {sha256(TOKEN.encode()).hexdigest()}",), b"", Reason.CREDENTIAL_REJECTED),
        ({"hashed": False, "field": "plain"}, (f"Bearer {TOKEN}",), b"", Reason.CREDENTIAL_ACCEPTED),
        ({"hashed": False, "field": "plain"}, ("Bearer shared",), b"", Reason.CREDENTIAL_REJECTED),
        ({}, (), b"", Reason.NO_CREDENTIAL),
        ({}, ("Bearer",), b"", Reason.NO_CREDENTIAL),
        ({}, ("Bearer ",), b"", Reason.NO_CREDENTIAL),
        ({}, (f"Bearer {TOKEN}", f"Bearer {TOKEN}"), b"", Reason.CREDENTIAL_MALFORMED),
        ({}, ("Bearer " + "x" * 3000,), b"", Reason.CREDENTIAL_MALFORMED),
        ({}, ("Bearer a\x7fb",), b"", Reason.CREDENTIAL_MALFORMED),
        ({}, (as_basic(f"api:{TOKEN}"),), b"", Reason.NO_CREDENTIAL),
        ({"basic": True}, (as_basic(f"api:{TOKEN}"),), b"", Reason.CREDENTIAL_ACCEPTED),
        ({"basic": True}, (as_basic("api:"),), b"", Reason.NO_CREDENTIAL),
        ({"basic": True}, ("Basic ?",), b"", Reason.CREDENTIAL_MALFORMED),
        ({}, (), f"api_token={TOKEN}".encode(), Reason.NO_CREDENTIAL),
        ({"insecure_query": "api_token"}, (), f"api_token={TOKEN}".encode(), Reason.CREDENTIAL_ACCEPTED),
        ({"insecure_query": "api_token"}, (), b"api_token=", Reason.NO_CREDENTIAL),
        ({"insecure_query": "api_token"}, (), b"api_token=a&api_token=b", Reason.CREDENTIAL_MALFORMED),
        ({"insecure_query": "api_token"}, (), b"\xff=1&" * 3, Reason.NO_CREDENTIAL),
        ({"insecure_query": "api_token"}, ("Bearer wrong",), f"api_token={TOKEN}".encode(), Reason.CREDENTIAL_REJECTED),
    ],
)  # fmt: skip
async def test_where_a_token_is_looked_for_and_what_it_must_be(changes, lines, query, reason):
    verdict = await judged(guard(**changes), *lines, query=query)
    assert verdict.reason is reason
    assert TOKEN not in repr(verdict)


async def test_it_stands_for_the_user_in_whose_row_it_is():
    verdict = await judged(guard(), f"Bearer {TOKEN}")
    assert isinstance(verdict, Allow)
    assert (verdict.identity.user_id, verdict.identity.how) == ("1", "token")  # type: ignore[union-attr]


async def test_an_empty_column_matches_nobody():
    assert await USERS.by_token("api_token", "") is None


def test_with_basic_the_origin_check_goes_before():
    assert not ambient(guard())
    assert ambient(guard(basic=True))


class Tokenless:
    """Users that are found by id and login only."""

    by_id = by_credentials = id_of = password_of = rehash = None


def test_users_that_cannot_be_found_by_a_token_are_an_error_at_start():
    with pytest.raises(ConfigError, match=r"guards.api.provider: found 'Tokenless'"):
        starlette_house(guards={"api": LegacyTokenGuard()}, users=Tokenless())
