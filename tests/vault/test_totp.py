"""A code is good for its own step and one to either side, and no step is accepted twice."""

from __future__ import annotations

from base64 import b32decode
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from guardhouse.errors import ConfigError
from guardhouse.vault.totp import SEED_BYTES, Kept, accepted_step, code_at, provisioning_uri, typed

SEED = b"12345678901234567890"
NOW = 1_111_111_111.0
STEP = int(NOW) // 30


@pytest.mark.parametrize(
    ("moment", "eight_digits"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_codes_are_those_of_the_rfc(moment: int, eight_digits: str) -> None:
    """RFC 6238, appendix B, has eight digits; six of them are the last six."""
    assert code_at(SEED, moment) == eight_digits[-6:]


def shown(steps: int) -> str:
    return code_at(SEED, NOW + 30 * steps)


@pytest.mark.parametrize(
    ("code", "last_step", "step"),
    [
        pytest.param(shown(0), None, STEP, id="the present one, the first ever"),
        pytest.param(shown(-1), None, STEP - 1, id="a phone that is slow"),
        pytest.param(shown(1), None, STEP + 1, id="a phone that is fast"),
        pytest.param(shown(-2), None, None, id="two steps late"),
        pytest.param(shown(2), None, None, id="two steps early"),
        pytest.param(shown(0), STEP - 1, STEP, id="the one after the last"),
        pytest.param(shown(0), STEP, None, id="the same once more"),
        pytest.param(shown(-1), STEP, None, id="the step before the one that was used"),
        pytest.param(shown(-1), STEP - 1, None, id="the step before once more"),
        pytest.param(shown(1), STEP, STEP + 1, id="the next one at once"),
        pytest.param(shown(0), STEP + 1, None, id="the present one after the next was used"),
        pytest.param(shown(0), STEP + 1000, None, id="the clock was set back"),
        pytest.param(f" {shown(0)[:3]} {shown(0)[3:]}\n", None, STEP, id="with spaces, as apps show it"),
        pytest.param(
            f"{shown(0)[:3]}\u00a0{shown(0)[3:]}", None, STEP, id="with a space that does not break"
        ),
        pytest.param(shown(0)[:5], None, None, id="five digits"),
        pytest.param(shown(0) + "0", None, None, id="seven digits"),
        pytest.param("", None, None, id="nothing"),
        pytest.param("      ", None, None, id="only spaces"),
        pytest.param(shown(0)[:5] + "x", None, None, id="a letter"),
        pytest.param("+" + shown(0)[1:], None, None, id="a sign"),
        pytest.param(
            shown(0).translate({48 + n: 0x660 + n for n in range(10)}), None, None, id="Arabic digits"
        ),
        pytest.param(
            shown(0).translate({48 + n: 0xFF10 + n for n in range(10)}), None, None, id="wide digits"
        ),
        pytest.param(shown(0) + "\0", None, None, id="a zero byte"),
        pytest.param(shown(0) + " " * 1_000_000, None, None, id="a megabyte"),
    ],
)
def test_a_code_is_weighed(code: str, last_step: int | None, step: int | None) -> None:
    assert accepted_step(SEED, code, NOW, last_step) == step


def test_the_code_of_another_seed_is_refused() -> None:
    assert accepted_step(SEED[::-1], shown(0), NOW, None) is None


@pytest.mark.parametrize("now", [0.0, 29.9, 30.0])
def test_there_is_no_step_before_the_first(now: float) -> None:
    assert accepted_step(SEED, code_at(SEED, now), now, None) == now // 30


def test_of_two_steps_with_one_code_both_are_used_up() -> None:
    """Once in a million steps two neighbours show the same; these are the first of this seed."""
    step = 910_737
    code = code_at(SEED, step * 30)
    assert code == code_at(SEED, step * 30 + 30)
    assert accepted_step(SEED, code, step * 30, None) == step + 1
    assert accepted_step(SEED, code, step * 30, step + 1) is None


@given(st.text(max_size=40), st.integers(0, 2**40), st.none() | st.integers(0, 2**40))
@example("\ud800" * 6, 0, None)
def test_no_strange_text_raises(code: str, now: int, last_step: int | None) -> None:
    step = accepted_step(SEED, code, now, last_step)
    assert step is None or abs(step - now // 30) <= 1


@given(st.binary(min_size=20, max_size=20), st.lists(st.integers(-3, 3), min_size=1, max_size=30))
def test_whatever_is_tried_in_whatever_order_no_step_is_accepted_twice(seed: bytes, tries: list[int]) -> None:
    last: int | None = None
    accepted: list[int] = []
    for tried in tries:
        step = accepted_step(seed, code_at(seed, NOW + 30 * tried), NOW, last)
        if step is not None:
            accepted.append(step)
            last = step
    assert accepted == sorted(set(accepted))


@pytest.mark.parametrize(
    ("issuer", "account", "label"),
    [
        pytest.param("Shop", "ada@example.com", "Shop:ada%40example.com", id="plain"),
        pytest.param("Big & Co", "a b", "Big%20%26%20Co:a%20b", id="spaces and an ampersand"),
        pytest.param("Caf\u00e9", "\u00e4da", "Caf%C3%A9:%C3%A4da", id="letters beyond ASCII"),
        pytest.param(
            "A/B?#", "x=y&secret=z", "A%2FB%3F%23:x%3Dy%26secret%3Dz", id="what would end the label"
        ),
        pytest.param(
            "Shop", '"a:b"@example.com', "Shop:%22a%20b%22%40example.com", id="a colon in the account"
        ),
        pytest.param("Shop", "\ud800", "Shop:%3F", id="an account that is no text"),
    ],
)
def test_an_app_reads_issuer_and_account_as_they_are(issuer: str, account: str, label: str) -> None:
    uri = provisioning_uri(SEED, issuer, account)
    parts = urlsplit(uri)
    assert uri.startswith(f"otpauth://totp/{label}?")
    assert uri.isascii()
    assert "+" not in uri
    assert unquote(parts.path).removeprefix("/").split(":")[0] == issuer
    assert parse_qs(parts.query) == {"secret": [typed(SEED).replace(" ", "")], "issuer": [issuer]}


@pytest.mark.parametrize("issuer", ["", "  ", "Shop: the best", "Shop\n"])
def test_an_issuer_that_apps_would_misread_stops_the_start(issuer: str) -> None:
    with pytest.raises(ConfigError, match=r"totp\.issuer"):
        provisioning_uri(SEED, issuer, "ada")


def test_a_seed_is_typed_in_groups() -> None:
    text = typed(SEED)
    assert text == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"
    assert b32decode(text.replace(" ", "")) == SEED
    assert len(SEED) == SEED_BYTES


def test_what_is_kept_comes_back_and_is_in_no_repr() -> None:
    kept = Kept(b"sealed bytes", STEP)
    assert Kept.decode(kept.encode()) == kept
    assert "sealed bytes" not in repr(kept)


@given(st.binary(max_size=50))
@example(b"")
@example(b"\x92\xc4\x00\xa1x")
@example(b"\x92\xa1\xff\x01")
@example(b"\x93\xc4\x01a\x01" + b"\x91" * 100_000)
def test_a_body_that_is_none_reads_as_none(body: bytes) -> None:
    kept = Kept.decode(body)
    assert kept is None or Kept.decode(kept.encode()) == kept
