"""Hashes that other systems stored verify as they stand; malformed and ruinous ones are not even begun.

The samples were made by the systems themselves, with small costs: Django 5.2, werkzeug 3.1; Laravel's is the
one that its user factory shipped for years.
"""

from __future__ import annotations

import sys
from hashlib import scrypt

import pytest

from guardhouse.errors import ConfigError
from guardhouse.vault.formats import FORMATS, Argon2Cost, StoredHash, argon2, bcrypt, django

PASSWORD = "lètmein".encode()
ARGON2I = "$argon2i$v=19$m=64,t=1,p=1$c2Vhc2FsdHNlYXNhbHQ$v5dgmR0HWu71uhTVg1/zdZJ++S8OoLYlXcynOb17Ti8"
DJANGO_SCRYPT = (
    "scrypt$16$seasalt$8$5$MNagTUULbE3qWBc16teWuFMMKJ7rbwPWx9H5Np"
    "JO2+i52+SwrIyLVZPFd3fT/YR6qTKaYLhMqyA9+pkPX+3Qcw=="
)
WERKZEUG_SCRYPT = (
    "scrypt:1024:8:1$oW1fJzfp$c9334ca5c806c061d28f88941f1c43618357f919e3694806bd98b1216074ea07"
    "d3b5c9e3f1a42e12e11b1e5705c5e705b0df25b98c3899bf0f9d17c2b937926d"
)
WERKZEUG_SHA512 = (
    "pbkdf2:sha512:1000$BwakkFwt$27f81e317e274fd4e4edb4da5ae059353d68ba4e6cb386ccebd2a97a9fbac813"
    "7b84d44d1144a4f98b049483605d52949b3e57a99c04156302283166a7b34699"
)
FOREIGN = [
    pytest.param(
        "$2y$10$92IXUNpkjO0rOQ5byMi.Ye4oKoEa3Ro9llC/.og/at2.uheWG/igi", b"password", id="Laravel bcrypt $2y$"
    ),
    pytest.param("$2b$04$aP5ISQNzIHGEwmBXfy0WsuKreQF39VkUcmUs0Pa/ENRfSxqcQzh9W", PASSWORD, id="bcrypt $2b$"),
    pytest.param("$2a$04$aP5ISQNzIHGEwmBXfy0WsuKreQF39VkUcmUs0Pa/ENRfSxqcQzh9W", PASSWORD, id="bcrypt $2a$"),
    pytest.param(
        "pbkdf2_sha256$1000$seasalt$JgZryXe2Ga8ysg6XbzkLpTdyPQrHqsinbL9BnnhgX4A=",
        PASSWORD,
        id="Django pbkdf2_sha256",
    ),
    pytest.param("pbkdf2_sha1$1000$seasalt$ljleU4wBmTtz/MoG5YTwxpM0d7I=", PASSWORD, id="Django pbkdf2_sha1"),
    pytest.param(
        "argon2$argon2id$v=19$m=64,t=1,p=1$c2Vhc2FsdHNlYXNhbHQ$v5dgmR0HWu71uhTVg1/zdZJ++S8OoLYlXcynOb17Ti8",
        PASSWORD,
        id="Django argon2",
    ),
    pytest.param(
        "bcrypt_sha256$$2b$04$OJF8FbH5N2Rw66pd.WaNfO5Mvf/rtGF4q0Jp2roXIImkCx06.SZ1.",
        PASSWORD,
        id="Django bcrypt_sha256",
    ),
    pytest.param(
        "bcrypt$$2b$04$aP5ISQNzIHGEwmBXfy0WsuKreQF39VkUcmUs0Pa/ENRfSxqcQzh9W", PASSWORD, id="Django bcrypt"
    ),
    pytest.param(DJANGO_SCRYPT, PASSWORD, id="Django scrypt"),
    pytest.param(WERKZEUG_SCRYPT, PASSWORD, id="werkzeug scrypt"),
    pytest.param(
        "pbkdf2:sha256:1000$8NydUEGY$8e359e23c5c44062e61e423afbe067bf45dc3b738256d238284d213f910ef46b",
        PASSWORD,
        id="werkzeug pbkdf2 sha256",
    ),
    pytest.param(
        "pbkdf2:sha1:1000$cVRa8ctx$ec3e99ebb691c7b14e3453feaa5780e82dcabf7f",
        PASSWORD,
        id="werkzeug pbkdf2 sha1",
    ),
    pytest.param(WERKZEUG_SHA512, PASSWORD, id="werkzeug pbkdf2 sha512"),
]


def read(stored: str) -> StoredHash | None:
    return next((held for form in FORMATS if (held := form(stored)) is not None), None)


@pytest.mark.parametrize(("stored", "password"), FOREIGN)
def test_a_foreign_hash_verifies_its_password_and_no_other(stored: str, password: bytes) -> None:
    held = read(stored)
    assert held is not None
    assert held.matches(password)
    assert not held.matches(password + b"\0")
    assert not held.matches(password[:-1])
    assert not held.matches(b"")
    assert not held.own


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param("$argon2id$v=19$m=4194304,t=3,p=1$c29tZXNhbHRzb21l${digest}", id="4 GiB of memory"),
        pytest.param("$argon2id$v=19$m=262145,t=2,p=1$c29tZXNhbHRzb21l${digest}", id="one KiB above the cap"),
        pytest.param("$argon2id$v=19$m=19456,t=11,p=1$c29tZXNhbHRzb21l${digest}", id="eleven passes"),
        pytest.param("$argon2id$v=19$m=19456,t=2,p=17$c29tZXNhbHRzb21l${digest}", id="seventeen threads"),
        pytest.param(
            "$argon2id$v=19$m=31,t=2,p=4$c29tZXNhbHRzb21l${digest}", id="less memory than lanes need"
        ),
        pytest.param("$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHRzb21l${digest}", id="no pass"),
        pytest.param("$argon2id$v=19$m=64,t=1,p=0$c29tZXNhbHRzb21l${digest}", id="no lane"),
        pytest.param("$argon2id$v=20$m=64,t=1,p=1$c29tZXNhbHRzb21l${digest}", id="an unknown version"),
        pytest.param("$argon2id$v=19$t=1,m=64,p=1$c29tZXNhbHRzb21l${digest}", id="costs in another order"),
        pytest.param("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21l${digest}\n", id="a newline"),
        pytest.param("$argon2id$v=19$m=+64,t=1,p=1$c29tZXNhbHRzb21l${digest}", id="a sign"),
        pytest.param("$argon2id$v=19$m=\u0666\u0664,t=1,p=1$c29tZXNhbHRzb21l${digest}", id="other digits"),
        pytest.param("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc${digest}", id="a salt of 4n+1 letters"),
        pytest.param("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21l$c29t", id="a cut digest"),
        pytest.param("$2b$16$aP5ISQNzIHGEwmBXfy0WsuKreQF39VkUcmUs0Pa/ENRfSxqcQzh9W", id="bcrypt cost 16"),
        pytest.param("$2b$03$aP5ISQNzIHGEwmBXfy0WsuKreQF39VkUcmUs0Pa/ENRfSxqcQzh9W", id="bcrypt cost 3"),
        pytest.param("$2x$04$aP5ISQNzIHGEwmBXfy0WsuKreQF39VkUcmUs0Pa/ENRfSxqcQzh9W", id="bcrypt 2x"),
        pytest.param(
            "$2b$04$aP5ISQNzIHGEwmBXfy0WszKreQF39VkUcmUs0Pa/ENRfSxqcQzh9W", id="a bcrypt salt with spare bits"
        ),
        pytest.param(
            "$2b$04$aP5ISQNzIHGEwmBXfy0WsuKreQF39VkUcmUs0Pa/ENRfSxqcQz", id="bcrypt cut by its column"
        ),
        pytest.param(
            "pbkdf2_sha256$4000001$s$JgZryXe2Ga8ysg6XbzkLpTdyPQrHqsinbL9BnnhgX4A=", id="4,000,001 rounds"
        ),
        pytest.param("pbkdf2_sha256$0$s$JgZryXe2Ga8ysg6XbzkLpTdyPQrHqsinbL9BnnhgX4A=", id="no round"),
        pytest.param("pbkdf2_sha256$1000$s$JgZr", id="a digest of three bytes"),
        pytest.param("pbkdf2_sha256$1000$s$JgZry", id="no base64"),
        pytest.param("pbkdf2_md5$1000$s$JgZryXe2Ga8ysg6XbzkLpQ==", id="an unknown digest"),
        pytest.param("pbkdf2:sha256:1000$s$abc", id="half a byte"),
        pytest.param(DJANGO_SCRYPT.replace("$16$", "$15$"), id="scrypt, n no power of two"),
        pytest.param(DJANGO_SCRYPT.replace("$16$", "$1$"), id="scrypt, n too small"),
        pytest.param(DJANGO_SCRYPT.replace("$16$", "$4194304$"), id="scrypt, too much memory"),
        pytest.param(DJANGO_SCRYPT.replace("$8$5$", "$8$17$"), id="scrypt, too many lanes"),
        pytest.param(DJANGO_SCRYPT.replace("$16$", "$131072$"), id="scrypt, too much work"),
        pytest.param(WERKZEUG_SCRYPT[:-2], id="scrypt, a cut digest"),
        pytest.param("argon2$bcrypt$04", id="a Django prefix before nothing"),
        pytest.param("bcrypt_sha256$$2b$99$nothing", id="a Django prefix before rubbish"),
        pytest.param("md5$salt$5f4dcc3b5aa765d61d8327deb882cf99", id="md5"),
        pytest.param("5f4dcc3b5aa765d61d8327deb882cf99", id="a bare digest"),
        pytest.param("!kQ2vN0bJ1l5vnl8rRmC4e9bX", id="Django's unusable password"),
        pytest.param("password", id="the password itself"),
        pytest.param("", id="empty"),
    ],
)
def test_what_is_malformed_or_too_dear_is_no_hash(stored: str) -> None:
    assert read(stored.replace("{digest}", "v5dgmR0HWu71uhTVg1/zdZJ++S8OoLYlXcynOb17Ti8")) is None


def test_bcrypt_hashes_of_long_passwords_verify_as_they_were_made() -> None:
    """What wrote them looked at 72 bytes; the driver of today would raise."""
    held = bcrypt("$2b$04$aP5ISQNzIHGEwmBXfy0WsuKreQF39VkUcmUs0Pa/ENRfSxqcQzh9W")
    assert held is not None
    assert not held.matches(b"x" * 4096)


def test_a_missing_driver_is_an_error_that_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bcrypt", None)
    with pytest.raises(ConfigError, match=r"guardhouse\[legacy\]"):
        bcrypt("$2b$04$aP5ISQNzIHGEwmBXfy0WsuKreQF39VkUcmUs0Pa/ENRfSxqcQzh9W")


@pytest.mark.parametrize(
    ("stored", "own"),
    [
        pytest.param(ARGON2I.replace("argon2i", "argon2id"), True, id="argon2id, version 19"),
        pytest.param(ARGON2I, False, id="argon2i, as PHP could be told to write"),
        pytest.param(ARGON2I.replace("argon2i", "argon2d"), False, id="argon2d"),
        pytest.param(ARGON2I.replace("$v=19", "$v=16"), False, id="version 16"),
        pytest.param(ARGON2I.replace("$v=19", ""), False, id="a version unsaid is 16"),
        pytest.param(ARGON2I.replace("argon2i", "argon2id")[:-16], False, id="a short digest"),
    ],
)
def test_only_argon2id_in_its_present_form_is_our_own(stored: str, own: bool) -> None:
    held = argon2(stored)
    assert held is not None
    assert held.own is own
    assert held.cost == Argon2Cost(time=1, memory=64)


@pytest.mark.parametrize(
    ("one", "other", "weaker"),
    [
        pytest.param((2, 19456), (2, 19456), False, id="equal"),
        pytest.param((1, 19456), (2, 19456), True, id="fewer passes"),
        pytest.param((2, 19455), (2, 19456), True, id="less memory"),
        pytest.param((9, 8192), (2, 19456), True, id="less memory, although more work"),
        pytest.param((3, 65536), (2, 19456), False, id="stronger in both"),
        pytest.param((1, 65536), (2, 19456), False, id="fewer passes over much more memory"),
    ],
)
def test_weaker_is_less_memory_or_less_work(
    one: tuple[int, int], other: tuple[int, int], weaker: bool
) -> None:
    former, present = (Argon2Cost(time=time, memory=memory) for time, memory in (one, other))
    assert former.weaker_than(present) is weaker


@pytest.mark.parametrize(
    ("n", "r", "p"), [(2, 1, 1), (2, 8, 16), (2**15, 8, 1), (2**14, 8, 5), (2**17, 8, 1)]
)
def test_every_scrypt_within_the_cap_has_the_memory_it_needs(n: int, r: int, p: int) -> None:
    digest = scrypt(b"p", salt=b"s", n=n, r=r, p=p, maxmem=2**29, dklen=64).hex()
    held = read(f"scrypt:{n}:{r}:{p}$s${digest}")
    assert held is not None
    assert held.matches(b"p")


def test_an_unknown_django_prefix_is_no_hash() -> None:
    assert django("crypt$$abc") is None
