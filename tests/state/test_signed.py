"""Nothing of a signed address can be changed, added, left out or put elsewhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardhouse.state.signed import sign, verify
from guardhouse.vault.keyring import Keyring
from tests.houses import OTHER_SECRET, SECRET

SIGNER = Keyring(SECRET).purpose("url")
NOW = 1000.0


def read(url: str, now: float = NOW, **more: object) -> str:
    path, _, query = url.partition("?")
    return verify(SIGNER, path.encode(), query.encode(), now, **more)  # type: ignore[arg-type]


PLAIN = sign(SIGNER, "/files/7")
LONG = sign(SIGNER, "/files/7?download=1&a=%20b", expires=2000.0)


@pytest.mark.parametrize(
    "path", ["/", "/files/7", "/files/7?download=1", "/a?b", "/a?", "/a?x=1&x=2", "/%C3%A9?q=%2F"]
)
@pytest.mark.parametrize("expires", [None, 2000.0])
def test_what_was_signed_is_signed(path, expires):
    assert read(sign(SIGNER, path, expires)) == "signed"


@pytest.mark.parametrize(("now", "answer"), [(1999.0, "signed"), (2000.0, "expired"), (1e12, "expired")])
def test_a_link_ends_when_it_was_said_to(now, answer):
    assert read(LONG, now) == answer
    assert read(PLAIN, now) == "signed"


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        ("/files/7", "unsigned"),
        ("/files/7?download=1", "unsigned"),
        (PLAIN.replace("/7", "/8"), "forged"),
        (PLAIN.replace("/files", "//files"), "forged"),
        (PLAIN.replace("/files", "/./files"), "forged"),
        (PLAIN.replace("files", "%66iles"), "forged"),
        (PLAIN + "&download=1", "forged"),
        (PLAIN.replace("?", "?download=1&"), "forged"),
        (PLAIN + "&" + PLAIN.partition("?")[2], "forged"),
        (PLAIN[:-1], "forged"),
        (PLAIN + "A", "forged"),
        (PLAIN + "=", "forged"),
        (PLAIN.replace(".", ""), "forged"),
        (PLAIN.partition("signature=")[0] + "signature=", "forged"),
        (PLAIN.partition("signature=")[0] + "signature=%C3.%C3", "forged"),
        (LONG.replace("expires=2000", "expires=9000"), "forged"),
        (LONG.replace("expires=2000&", ""), "forged"),
        (LONG.replace("expires=2000", "expires=2000&expires=9000"), "forged"),
        (LONG.replace("download=1&a=%20b", "a=%20b&download=1"), "forged"),
        (LONG.replace("%20", "+"), "forged"),
        (PLAIN + "&" + "x" * 5000, "forged"),
    ],
)
def test_what_was_changed_is_forged(url, answer):
    assert read(url) == answer


@given(st.integers(0, len(LONG) - 1), st.characters(min_codepoint=33, max_codepoint=126))
def test_every_changed_character_is_noticed(place, character):
    changed = LONG[:place] + character + LONG[place + 1 :]
    assert (read(changed) == "signed") is (changed == LONG)


@given(st.binary(max_size=100), st.binary(max_size=200))
def test_a_stranger_can_ask_for_what_he_likes(path, query):
    assert verify(SIGNER, path, query, NOW) in ("unsigned", "forged", "unknown key")


def test_what_others_add_may_be_ignored_by_name():
    tagged = PLAIN.replace("?", "?utm_source=mail&") + "&utm_medium=x"
    assert read(tagged, ignore=("utm_source", "utm_medium")) == "signed"
    assert read(tagged, ignore=("utm_source",)) == "forged"
    assert read(PLAIN + "&utm_sourcex=1", ignore=("utm_source",)) == "forged"


def test_the_former_key_still_verifies_and_another_never_did():
    rotated = Keyring([OTHER_SECRET, SECRET]).purpose("url")
    path, _, query = PLAIN.partition("?")
    assert verify(rotated, path.encode(), query.encode(), NOW) == "signed"
    for other, answer in (
        (Keyring(OTHER_SECRET).purpose("url"), "unknown key"),
        (Keyring(SECRET).purpose("csrf"), "forged"),
    ):
        assert verify(other, path.encode(), query.encode(), NOW) == answer


@pytest.mark.parametrize(
    "path",
    [
        "",
        "files",
        "//evil.example/",
        "https://evil.example/",
        "/a\\b",
        "/é",
        "/a#b",
        "/a?signature=1",
        "/a?expires=1",
    ],
)
def test_only_a_path_of_this_application_is_signed(path):
    with pytest.raises(ValueError, match=r"only a path of this application|name your own parameters"):
        sign(SIGNER, path)
