"""A glance at a token and the long way decide alike, and neither a JWT nor a token outlives its end or its revocation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from guardhouse import JWTGuard, Key, Keys, OwnIssuer, Reason, StoreError, TokenGuard
from guardhouse.edge.asgi import Passage
from guardhouse.gate.glance import NOTHING_SEEN, glance
from guardhouse.state.token import TokenRecord
from guardhouse.stores.memory import MemoryStore
from guardhouse.stores.memory_tokens import MemoryTokens
from tests.edge.test_glance import at_once, passage_of, request
from tests.houses import ADA, starlette_house

SECRET = "a secret of this test, thirty-two bytes or more"
HOUR = 3600.0


class Turning(Keys):
    """Keys of which the newest may be taken away."""

    def __init__(self, keys: Sequence[Key]) -> None:
        super().__init__(keys)
        self.gone = False

    def find(self, kid: str | None, algorithm: str) -> Key | None:
        return None if self.gone else super().find(kid, algorithm)

    def holds(self, key: Key) -> bool:
        return not self.gone and super().holds(key)


class Gate:
    """A house for tokens, with tokens of each sort."""

    def __init__(self, **said: Any) -> None:
        self.now = 1_000_000.0
        self.store = MemoryStore()
        self.keys = Turning([Key.of(SECRET, "HS256", "k1")])
        issuer = OwnIssuer(
            self.keys, issuer="us", audience="api", lifetime=timedelta(hours=1), clock=lambda: self.now
        )
        self.house = starlette_house(
            store=self.store,
            clock=lambda: self.now,
            guards={
                "token": TokenGuard(),
                "jwt": JWTGuard(self.keys, issuer="us", audience="api", **said),
                "bound": JWTGuard(self.keys, issuer="us", audience="api", dpop="accept"),
            },
        )
        desk = self.house.tokens("token")
        self.issued = at_once(desk.issue(ADA, "laptop", expires=timedelta(hours=1)))
        self.tokens = {
            "token": self.issued.plain,
            "jwt": issuer.issue(ADA.id, scopes=["read"]),
            "client": issuer.issue_to_client("program"),
            "bound": issuer.issue(ADA.id, claims={"cnf": {"jkt": "x"}}),
        }

    def passage(self, stack: str, *lines: str, method: str = "GET") -> tuple[Passage, dict[str, Any]]:
        scope = request(method, [(b"authorization", line.encode("latin-1")) for line in lines])
        return passage_of(self, scope), scope  # type: ignore[arg-type]

    def outcome(self, stack: str, method: str, lines: Sequence[str], *, quick: bool) -> Any:
        asked = self.house.stack(stack)
        passage, scope = self.passage(stack, *lines, method=method)
        said = passage.identity(scope, asked) if quick else None
        seen = passage.seen.decision if said is not None and passage.seen else None
        left = None if seen is None or passage.seen is None else passage.seen.vary
        visit = passage.visit(scope)
        decision = at_once(visit.decide(asked))
        assert seen in (None, decision)
        assert left in (None, visit.vary)
        return decision.verdict, tuple(decision.trace), visit.vary, visit.identity_in(asked)

    def reason(self, stack: str, token: str) -> str:
        """Ask as a request would, and say why it came in or did not."""
        passage, scope = self.passage(stack, f"Bearer {token}")
        asked = self.house.stack(stack)
        if passage.identity(scope, asked) is not None:
            assert passage.entered is None
            return "at a glance"
        return str(at_once(passage.visit(scope).decide(asked)).verdict.reason)


@cache
def gate_at() -> Gate:
    """One house for all examples; its tokens were used, and its JWTs seen, before."""
    gate = Gate()
    for stack, token in (("token", "token"), ("jwt", "jwt"), ("jwt", "client"), ("jwt", "bound")):
        gate.reason(stack, gate.tokens[token])
    at_once(gate.store.tokens.touch_token(gate.issued.record.id, gate.now))
    return gate


def lines_of(gate: Gate) -> st.SearchStrategy[list[str]]:
    token = st.sampled_from([*gate.tokens.values(), "", "ghp_", "eyJ", "a.b.c", "nothing"])
    changed = st.builds(lambda text, at: text[:at] + "A" + text[at + 1 :], token, st.integers(0, 400))
    scheme = st.sampled_from(["Bearer", "bearer", "DPoP", "Basic", ""])
    line = st.builds(lambda *words: " ".join(words), scheme, st.one_of(token, changed))
    good = st.sampled_from([[f"Bearer {one}"] for one in gate.tokens.values()])
    return st.one_of(good, st.lists(line, max_size=2))


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_a_glance_at_a_token_comes_to_what_the_long_way_comes_to(data: st.DataObject):
    gate = gate_at()
    lines = data.draw(lines_of(gate))
    method = data.draw(st.sampled_from(["GET", "POST", "DELETE"]))
    stack = data.draw(st.sampled_from(["token", "jwt", "bound"]))
    gate.now = 1_000_000.0 + data.draw(st.sampled_from([0.0, 100.0, HOUR - 1, HOUR, HOUR + 31, 25 * HOUR]))
    quick, long = (gate.outcome(stack, method, lines, quick=quick) for quick in (True, False))
    assert quick == long


def test_a_token_is_believed_at_a_glance_until_it_ends():
    gate = Gate()
    token = gate.tokens["token"]
    assert (
        gate.reason("token", token) == Reason.CREDENTIAL_ACCEPTED
    )  # its use is noted, for which there is a wait
    assert gate.reason("token", token) == "at a glance"
    gate.now += HOUR - 1
    assert gate.reason("token", token) == Reason.CREDENTIAL_ACCEPTED
    gate.now += 1
    assert gate.reason("token", token) == Reason.TOKEN_EXPIRED


def test_a_token_is_believed_at_a_glance_until_it_is_revoked():
    gate = Gate()
    token = gate.tokens["token"]
    for _ in range(2):
        gate.reason("token", token)
    assert at_once(gate.house.tokens("token").revoke(ADA, gate.issued.record.id))
    assert gate.reason("token", token) == Reason.TOKEN_UNKNOWN


def test_a_jwt_is_remembered_until_it_ends():
    gate = Gate()
    assert gate.reason("jwt", gate.tokens["jwt"]) == Reason.CREDENTIAL_ACCEPTED
    assert gate.reason("jwt", gate.tokens["jwt"]) == "at a glance"
    gate.now += HOUR + 30
    assert gate.reason("jwt", gate.tokens["jwt"]) == Reason.JWT_EXPIRED


def test_a_jwt_is_remembered_until_its_key_is_taken_away():
    gate = Gate()
    for expected in (Reason.CREDENTIAL_ACCEPTED, "at a glance"):
        assert gate.reason("jwt", gate.tokens["jwt"]) == expected
    gate.keys.gone = True
    assert gate.reason("jwt", gate.tokens["jwt"]) == Reason.JWT_KEY_UNKNOWN


def test_a_jwt_that_was_revoked_is_not_remembered_as_good():
    revoked: set[str] = set()
    gate = Gate(revoked=lambda claims: claims["sub"] in revoked)
    for _ in range(2):  # a hook is asked each time, so there is no glance
        assert gate.reason("jwt", gate.tokens["jwt"]) == Reason.CREDENTIAL_ACCEPTED
    revoked.add(ADA.id)
    assert gate.reason("jwt", gate.tokens["jwt"]) == Reason.JWT_REVOKED


def test_a_program_is_no_user_at_a_glance_either():
    gate = gate_at()
    passage, scope = gate.passage("jwt", f"Bearer {gate.tokens['client']}")
    assert passage.identity(scope, gate.house.stack("jwt")) is None
    assert passage.seen is not None
    assert passage.seen.decision is None


def test_a_store_that_is_away_is_left_to_the_long_way():
    gate = Gate()

    class Away(MemoryTokens):
        def token_now(self, token_id: str) -> TokenRecord | None:
            raise StoreError("no connection")

    gate.store.tokens = Away()
    house = starlette_house(store=gate.store, guards={"token": TokenGuard()})
    headers = [(b"authorization", f"Bearer {gate.tokens['token']}".encode())]
    assert glance(house.parts, house.stack("token"), headers, safe=True) is NOTHING_SEEN


def test_a_token_store_that_waits_is_not_passed_by():
    class Audited(MemoryTokens):
        async def token(self, token_id: str) -> TokenRecord | None:
            return await super().token(token_id)

    store = MemoryStore()
    store.tokens = Audited()
    house = starlette_house(store=store, guards={"token": TokenGuard()})
    assert house.parts.token_now is None
    headers = [(b"authorization", f"Bearer {gate_at().tokens['token']}".encode())]
    assert glance(house.parts, house.stack("token"), headers, safe=True) is NOTHING_SEEN
