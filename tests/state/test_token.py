"""A token is written so that scanners know it, read so that nothing else passes, and weighed without a clock."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from hashlib import sha256
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardhouse import ConfigError, Reason
from guardhouse.state.token import (
    ID_BYTES,
    SECRET_BYTES,
    TokenPolicy,
    TokenRecord,
    allowed,
    is_ability,
    mint,
    weigh,
)

POLICY = TokenPolicy()
CHANCE = bytes(range(ID_BYTES + SECRET_BYTES))
PLAIN, ID, DIGEST = mint(POLICY, CHANCE)

chances = st.binary(min_size=ID_BYTES + SECRET_BYTES, max_size=ID_BYTES + SECRET_BYTES)


def record(**changes: object) -> TokenRecord:
    fields: dict[str, object] = {
        "id": ID, "owner": "users:1", "name": "laptop", "abilities": ("*",), "created": 1000.0, "digest": DIGEST,
    }  # fmt: skip
    return TokenRecord(**(fields | changes))  # type: ignore[arg-type]


@given(chances)
def test_what_is_minted_is_read_again_and_only_its_hash_is_kept(chance):
    plain, token_id, digest = mint(POLICY, chance)
    assert re.fullmatch(r"ghpat_[0-9A-Za-z]{17}_[0-9A-Za-z]{43}[0-9a-f]{8}", plain)
    assert POLICY.read(plain.encode()) == (token_id, digest)
    assert digest == sha256(plain.split("_")[2][:43].encode()).digest()
    assert int(plain[-8:], 16) == crc32(plain[:-8].encode())


@given(chances, chances)
def test_two_tokens_share_nothing(one, other):
    if one[:ID_BYTES] != other[:ID_BYTES] and one[ID_BYTES:] != other[ID_BYTES:]:
        assert not set(mint(POLICY, one)) & set(mint(POLICY, other))


@pytest.mark.parametrize("chance", [b"", CHANCE[1:], CHANCE + b"x"])
def test_a_token_is_made_of_enough_chance(chance):
    with pytest.raises(ValueError, match="44 random bytes"):
        mint(POLICY, chance)


@given(st.integers(0, len(PLAIN) - 1), st.characters(min_codepoint=33, max_codepoint=126))
def test_one_changed_character_is_noticed_without_asking_anybody(place, character):
    changed = PLAIN[:place] + character + PLAIN[place + 1 :]
    assert (POLICY.read(changed.encode()) is not None) is (changed == PLAIN)


@given(st.binary(max_size=200))
def test_nothing_a_stranger_sends_is_taken_for_a_token(text):
    assert POLICY.read(text) is None


@pytest.mark.parametrize(
    "text", [b"", PLAIN[:-1].encode(), PLAIN.encode() + b"\n", b" " + PLAIN.encode(), PLAIN.encode() * 2]
)
def test_a_token_is_read_whole_or_not_at_all(text):
    assert POLICY.read(text) is None


@pytest.mark.parametrize("seed", range(3))
def test_the_prefix_is_the_applications_own(seed):
    policy = TokenPolicy(prefix=f"shop{seed}")
    plain, *_ = mint(policy, os.urandom(ID_BYTES + SECRET_BYTES))
    assert plain.startswith(f"shop{seed}_")
    assert policy.is_ours(plain.encode())
    assert POLICY.read(plain.encode()) is None
    assert not POLICY.is_ours(plain.encode())


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("expires", "lifetime", "now", "reason"),
    [
        (None, None, 1e12, Reason.CREDENTIAL_ACCEPTED),
        (2000.0, None, 1999.0, Reason.CREDENTIAL_ACCEPTED),
        (2000.0, None, 2000.0, Reason.TOKEN_EXPIRED),
        (None, DAY, 1000.0 + 86399, Reason.CREDENTIAL_ACCEPTED),
        (None, DAY, 1000.0 + 86400, Reason.TOKEN_EXPIRED),
        (2000.0, DAY, 2000.0, Reason.TOKEN_EXPIRED),
        (1e9, DAY, 1000.0 + 86400, Reason.TOKEN_EXPIRED),
        (float("nan"), None, 0.0, Reason.TOKEN_EXPIRED),
    ],
)
def test_a_token_ends_by_itself_or_with_all_whichever_comes_first(expires, lifetime, now, reason):
    assert weigh(record(expires=expires), DIGEST, TokenPolicy(lifetime=lifetime), now) is reason


def test_a_wrong_secret_is_told_from_no_token_by_nobody():
    wrong = sha256(b"wrong").digest()
    assert weigh(record(), wrong, POLICY, 0) is weigh(None, DIGEST, POLICY, 0) is Reason.TOKEN_UNKNOWN
    assert weigh(record(expires=1.0), wrong, POLICY, 2) is Reason.TOKEN_UNKNOWN


@pytest.mark.parametrize(
    ("abilities", "needed", "answer"),
    [
        (None, "read", True),
        (frozenset({"*"}), "read", True),
        (frozenset({"read"}), "read", True),
        (frozenset({"read"}), "write", False),
        (frozenset({"read"}), "*", False),
        (frozenset({"read"}), "rea", False),
        (frozenset(), "read", False),
    ],
)
def test_abilities_are_exact_words_and_a_login_has_them_all(abilities, needed, answer):
    assert allowed(abilities, needed) is answer


@pytest.mark.parametrize(
    ("word", "answer"),
    [("read", True), ("*", True), ("posts:write", True), ("", False), ("two words", False), ('quo"te', False),
     ("back\\slash", False), ("é", False), ("x" * 101, False), (1, False), ("new\nline", False)],
)  # fmt: skip
def test_an_ability_can_be_named_in_a_challenge(word, answer):
    assert is_ability(word) is answer


def test_a_record_shows_no_digest():
    assert repr(record()) == f"TokenRecord({ID!r}, 'users:1', 'laptop')"


@pytest.mark.parametrize(
    "changes",
    [{"prefix": ""}, {"prefix": "GHP"}, {"prefix": "a_b"}, {"prefix": "1a"}, {"prefix": "x" * 17},
     {"lifetime": timedelta(0)}, {"touch": timedelta(-1)}],
)  # fmt: skip
def test_a_policy_that_cannot_work_is_an_error(changes):
    with pytest.raises(ConfigError, match=f"tokens.{next(iter(changes))}"):
        TokenPolicy(**changes)
