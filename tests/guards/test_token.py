"""The token guard believes a token of this house, leaves others alone, and notes a use now and then."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from guardhouse import Allow, ConfigError, Deny, Facts, Identity, Reason
from guardhouse.core.guard import ambient
from guardhouse.guards.token import TokenGuard
from guardhouse.state.token import ID_BYTES, SECRET_BYTES, TokenPolicy, TokenRecord, mint
from guardhouse.stores.memory_tokens import MemoryTokens
from tests.supplies import NoSupply

GUARD = TokenGuard().named("token", "users")
PLAIN, ID, DIGEST = mint(GUARD.policy, bytes(range(ID_BYTES + SECRET_BYTES)))
RECORD = TokenRecord(ID, "users:1", "laptop", ("*",), 1000.0, DIGEST)


class Supply(NoSupply):
    """A clock, and tokens that a test may make slow: found only by waiting."""

    def __init__(
        self, record: TokenRecord | None = RECORD, now: float = 2000.0, *, slow: bool = False
    ) -> None:
        self.clock = now
        self.store: Any = SlowTokens() if slow else MemoryTokens()
        if record is not None:
            self.store._records[record.id] = record

    def now(self) -> float:
        return self.clock

    def tokens(self) -> Any:
        return self.store


class SlowTokens(MemoryTokens):
    token_now = None  # type: ignore[assignment]


def facts(*lines: str) -> Facts:
    return Facts("GET", "/", [(b"authorization", line.encode()) for line in lines])


async def judged(supply: Supply, guard: TokenGuard = GUARD, plain: str = PLAIN) -> Any:
    claim: Any = guard.claim(facts(f"Bearer {plain}"))
    found: Any = guard.fetch(claim, supply)
    return guard.judge(claim, await found if hasattr(found, "__await__") else found)


def test_it_reads_one_header_that_nobody_sends_by_accident():
    assert [need.name for need in GUARD.needs] == ["header:authorization"]
    assert not ambient(GUARD)


CHANGED = PLAIN[:-1] + ("0" if PLAIN[-1] != "0" else "1")


@pytest.mark.parametrize(
    ("lines", "verdict", "reason"),
    [
        ((), "Abstain", Reason.NO_CREDENTIAL),
        (("Basic YTpi",), "Abstain", Reason.NO_CREDENTIAL),
        (("Digest x",), "Abstain", Reason.NO_CREDENTIAL),
        (("Bearer",), "Deny", Reason.CREDENTIAL_MALFORMED),
        (("Bearer ",), "Deny", Reason.CREDENTIAL_MALFORMED),
        (("Bearer eyJhbGciOiJIUzI1NiJ9.e30.x",), "Abstain", Reason.CREDENTIAL_FOREIGN),
        (("Bearer 17|something",), "Abstain", Reason.CREDENTIAL_FOREIGN),
        ((f"Bearer x{PLAIN}",), "Abstain", Reason.CREDENTIAL_FOREIGN),
        ((f"Bearer {CHANGED}",), "Deny", Reason.TOKEN_MALFORMED),
        ((f"Bearer {PLAIN} {PLAIN}",), "Deny", Reason.TOKEN_MALFORMED),
        (("Bearer ghpat_",), "Deny", Reason.TOKEN_MALFORMED),
        ((f"Bearer {PLAIN}", f"Bearer {PLAIN}"), "Deny", Reason.CREDENTIAL_MALFORMED),
        ((f"Bearer {PLAIN}", "Basic x"), "Deny", Reason.CREDENTIAL_MALFORMED),
    ],
)
def test_what_is_missing_or_of_another_kind_abstains_and_what_is_bad_denies(lines, verdict, reason):
    claim: Any = GUARD.claim(facts(*lines))
    assert (type(claim).__name__, claim.by, claim.reason) == (verdict, "token", reason)
    assert PLAIN not in repr(claim)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer  "])
def test_the_scheme_is_read_in_any_letter_case(scheme):
    assert GUARD.claim(facts(f"{scheme} {PLAIN}")) == (ID, DIGEST)


@pytest.mark.parametrize("slow", [False, True], ids=["inline", "waiting"])
@pytest.mark.parametrize(
    ("record", "now", "reason"),
    [
        (RECORD, 2000.0, Reason.CREDENTIAL_ACCEPTED),
        (replace(RECORD, used=1999.0), 2000.0, Reason.CREDENTIAL_ACCEPTED),
        (None, 2000.0, Reason.TOKEN_UNKNOWN),
        (replace(RECORD, digest=b"w" * 32), 2000.0, Reason.TOKEN_UNKNOWN),
        (replace(RECORD, expires=2000.0), 2000.0, Reason.TOKEN_EXPIRED),
        (replace(RECORD, owner="staff:1"), 2000.0, Reason.TOKEN_UNKNOWN),
    ],
)
async def test_a_token_is_weighed_with_the_clock_of_the_house(slow, record, now, reason):
    verdict = await judged(Supply(record, now, slow=slow))
    assert verdict.reason is reason
    assert type(verdict) is (Allow if reason is Reason.CREDENTIAL_ACCEPTED else Deny)


async def test_a_token_stands_for_its_user_and_says_what_it_is_good_for():
    verdict = await judged(Supply(replace(RECORD, abilities=("read",))))
    assert verdict.identity == Identity("1", "users", "token", "token", 1000.0, None, frozenset({"read"}), ID)
    everything = await judged(Supply())
    assert everything.identity.abilities is None


async def test_an_id_with_a_colon_is_whole():
    verdict = await judged(Supply(replace(RECORD, owner="users:urn:uuid:7")))
    assert verdict.identity.user_id == "urn:uuid:7"


@pytest.mark.parametrize("slow", [False, True], ids=["inline", "waiting"])
async def test_a_use_is_noted_at_most_once_in_a_while(slow):
    supply = Supply(slow=slow)
    guard = TokenGuard(policy=TokenPolicy(touch=timedelta(minutes=5))).named("token", "users")
    for now, noted in ((2000.0, 2000.0), (2299.0, 2000.0), (2300.0, 2300.0), (1000.0, 2300.0)):
        supply.clock = now
        await judged(supply, guard)
        assert (await supply.store.token(ID)).used == noted


async def test_a_token_that_is_refused_leaves_no_note():
    supply = Supply(replace(RECORD, expires=1.0))
    await judged(supply)
    assert supply.store.token_now(ID).used is None


async def test_a_token_that_is_revoked_while_its_use_is_noted_is_refused():
    supply = Supply()

    async def gone(token_id: str, used: float) -> bool:
        return False

    supply.store.touch_token = gone
    assert (await judged(supply)).reason is Reason.TOKEN_UNKNOWN


@pytest.mark.parametrize(
    ("make", "fix"),
    [
        (lambda: TokenGuard(policy={"prefix": "shop"}), r"policy: found 'dict'.*TokenPolicy\(prefix='shop'\)"),  # type: ignore[arg-type]
        (lambda: TokenGuard(TokenPolicy(prefix="shop")), r"provider: found 'TokenPolicy'.*a policy goes by its name"),  # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_what_is_handed_in_at_the_wrong_place_says_where_it_belongs(make, fix):
    with pytest.raises(ConfigError, match=fix):
        make()
