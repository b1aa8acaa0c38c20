"""Providers: what is looked up for a credential, and what is never looked up."""

from __future__ import annotations

from functools import partial

from guardhouse import FunctionGuard, MemoryUsers
from guardhouse.guards.legacy_token import LegacyTokenGuard
from tests.causes.applications import Shop
from tests.causes.proof import CANNOT_ARISE, NAMED, proves
from tests.causes.seeing import instead, refusal
from tests.houses import ADA


class Rows(MemoryUsers):
    """Users of a table in which nobody has a token: an empty one fits them all."""

    def __init__(self) -> None:
        super().__init__([ADA])
        self.asked: list[str] = []

    async def by_token(self, field: str, value: str):
        self.asked.append(value)
        return ADA


@proves(56, NAMED, "credential_malformed", status=401)
def test_an_empty_key_is_malformed():
    asked: list[str] = []

    def find(key: str) -> str:
        asked.append(key)
        return ADA.id

    guard = FunctionGuard(header="X-Api-Key", find=find)
    shop = Shop("key", guards={"key": guard})
    seen = refusal(shop.house, partial(shop.visitor({"X-Api-Key": ""}).get, "/key"))
    assert asked == []
    return seen


@proves(56, CANNOT_ARISE, why="what is empty is no credential: no guard looks anything up for it")
def test_an_empty_token_is_never_looked_up():
    rows = Rows()
    shop = Shop("old", users=rows, guards={"old": LegacyTokenGuard(insecure_query="api_token")})
    sent = [("/old?api_token=", {}), ("/old?api_token", {}), ("/old", {"Authorization": "Bearer "})]
    statuses = [shop.visitor(headers).get(path).status_code for path, headers in sent]
    return instead((statuses, rows.asked), ([401, 401, 401], []))
