"""A secret stays hidden wherever values end up by accident."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import traceback
from collections.abc import Callable

import msgspec
import pytest

from guardhouse.vault.secret import Secret, generate_secret

VALUE = "the moon is made of silence"


def percent(secret: Secret) -> str:
    return "%s %r" % (secret, secret)  # noqa: UP031 - the way loggers format


def contained(secret: Secret) -> str:
    return repr({"secret": [secret]})


@pytest.mark.parametrize(
    "show",
    [
        pytest.param(repr, id="repr"),
        pytest.param(str, id="str"),
        pytest.param("{}".format, id="format"),
        pytest.param("{:>40}".format, id="format with a width"),
        pytest.param(percent, id="percent"),
        pytest.param(contained, id="inside of containers"),
    ],
)
def test_no_way_of_showing_it_shows_the_value(show: Callable[[Secret], str]) -> None:
    shown = show(Secret(VALUE))
    assert "hidden" in shown
    assert VALUE not in shown


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(pickle.dumps, id="pickle"),
        pytest.param(json.dumps, id="json"),
        pytest.param(msgspec.json.encode, id="msgspec"),
    ],
)
def test_no_serialiser_takes_it(write: Callable[[Secret], object]) -> None:
    with pytest.raises(TypeError) as refused:
        write(Secret(VALUE))
    assert VALUE not in "".join(traceback.format_exception(refused.value))


def test_it_has_no_dictionary_of_attributes_to_dump() -> None:
    assert not hasattr(Secret(VALUE), "__dict__")


@pytest.mark.parametrize("value", [VALUE, VALUE.encode()])
def test_reveal_hands_out_the_bytes(value: str | bytes) -> None:
    assert Secret(value).reveal() == VALUE.encode()


def test_equality_looks_at_the_values_and_at_secrets_only() -> None:
    assert Secret(VALUE) == Secret(VALUE.encode())
    assert Secret(VALUE) != Secret(VALUE + ".")
    assert Secret(VALUE) != VALUE


def test_it_cannot_be_hashed() -> None:
    with pytest.raises(TypeError):
        hash(Secret(VALUE))


def test_copies_of_a_configuration_keep_it() -> None:
    @dataclasses.dataclass(frozen=True)
    class Config:
        secret: Secret

    secret = Secret(VALUE)
    assert copy.copy(secret) is secret
    assert dataclasses.asdict(Config(secret))["secret"] is secret


def test_broken_text_from_an_environment_raises_nothing_that_shows_it() -> None:
    assert Secret("\udcff").reveal()


def test_a_generated_secret_is_recognisable_long_and_new() -> None:
    made = {generate_secret() for _ in range(100)}
    assert len(made) == 100
    assert all(one.startswith("ghs_") and len(one) == 47 and one.isascii() for one in made)
