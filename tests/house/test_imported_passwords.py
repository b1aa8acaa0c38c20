"""Accounts that come from another system log in with the password that they have, and are on our own hash from then on.

Every hash was made by the system itself at its defaults: PHP 8.3 as Laravel 11 calls it, Django 5.2, werkzeug 3.1. The one
exception is Laravel's argon2id: it was made with its costs by argon2-cffi, which is the same reference library.
"""

from __future__ import annotations

import pytest
from starlette.applications import Starlette

from guardhouse import MemoryUsers, Passwords, User
from guardhouse.vault.password import PasswordHasher
from tests.houses import browser, desk, starlette_house

TYPED = "lètmein-2026"
DJANGO_SCRYPT = (
    "scrypt$16384$O5sNJhzIahnHYtXy9PKiRW$8$5$EQ0KeINt249W8FqOG3yzFoOe/GW+T0Qd0EcMSCe1"
    "uaqNUC75JmaVYE4KFp4HL47Ga0PqLQ8bufR5Pj0xSZfNlg=="
)
WERKZEUG_SCRYPT = (
    "scrypt:32768:8:1$YU0joijb3hY634Hn$7c53a6469dce8d6cf502b13ffe9cfd96385b837bb122ad5d"
    "1e8e63037e477197c95ea2dea8a07ce63aeaef54cb31495d85aed1259b86a3a03c4490ed25af3f0a"
)
WERKZEUG_PBKDF2 = (
    "pbkdf2:sha256:1000000$dVYjEYcIkzpexktB$1052be7deee575ea629d6981e47e7aad22412cadef4fb68e20a6c880b20f0118"
)
DJANGO_PBKDF2 = "pbkdf2_sha256$1000000$NpFI7JWREVADeAm5uQDOFj$HwBJbBDhLP+94mNUkJMmASIHd9KRD/qLzXWu/G8vtTs="
DJANGO_ARGON2 = "argon2$argon2id$v=19$m=102400,t=2,p=8$UmpoRmJIZ2t4R2ZER3NrU00yODRpcA$K9pRc3uJGViSNYvBhPNOBlBJAyW12q/CIrrtrD9PwEo"
DJANGO_BCRYPT = "bcrypt_sha256$$2b$12$fCmwjMgTTvIiRbUw8MVAruholNOzKRmnb03cHvSJkH2/WJ5ZgjjJ."
LARAVEL_BCRYPT = "$2y$12$5OZZ8n9gU5fe6ViGl2Qn3e8kfejRXKFo3MxT5DkXFYbHa/OXFdYES"
LARAVEL_ARGON2 = (
    "$argon2id$v=19$m=65536,t=4,p=1$8/cbwXrvP885EmZNVe47jA$SsjnJxrxY3IdH9fcncp0fv8j3R/Znzrw9ObHi0HyvDk"
)
OURS = "$argon2id$v=19$m=19456,t=2,p=1$"


def stored(users: MemoryUsers) -> str:
    user = users.somebody()
    return (user and user.password_hash) or ""


def log_in(users: MemoryUsers, password: str) -> int:
    house = starlette_house(users=users, passwords=Passwords(PasswordHasher()))
    app = Starlette(routes=desk(house))
    house.install(app)
    with browser(app) as page:
        return page.post("/login", json={"email": "ada@example.com", "password": password}).status_code


@pytest.mark.slow
@pytest.mark.parametrize(
    "imported",
    [
        pytest.param(LARAVEL_BCRYPT, id="Laravel bcrypt"),
        pytest.param(DJANGO_PBKDF2, id="Django pbkdf2_sha256"),
        pytest.param(DJANGO_SCRYPT, id="Django scrypt"),
        pytest.param(DJANGO_ARGON2, id="Django argon2"),
        pytest.param(DJANGO_BCRYPT, id="Django bcrypt_sha256"),
        pytest.param(WERKZEUG_SCRYPT, id="werkzeug scrypt"),
        pytest.param(WERKZEUG_PBKDF2, id="werkzeug pbkdf2"),
    ],
)
def test_the_first_login_takes_the_hash_over(imported: str) -> None:
    users = MemoryUsers([User(id="1", email="ada@example.com", password_hash=imported)])
    assert log_in(users, TYPED + "x") == 422
    assert stored(users) == imported, "a wrong password changes nothing"
    assert log_in(users, TYPED) == 200
    fresh = stored(users)
    assert fresh.startswith(OURS)
    assert log_in(users, TYPED) == 200
    assert log_in(users, TYPED + "x") == 422
    assert stored(users) == fresh, "what is ours is not written again"


@pytest.mark.slow
def test_a_stronger_hash_of_our_own_kind_stays() -> None:
    users = MemoryUsers([User(id="1", email="ada@example.com", password_hash=LARAVEL_ARGON2)])
    assert log_in(users, TYPED) == 200
    assert stored(users) == LARAVEL_ARGON2


@pytest.mark.parametrize("unknown", ["md5$salt$5f4dcc3b5aa765d61d8327deb882cf99", TYPED, "!unusable", ""])
def test_a_hash_of_no_known_kind_lets_nobody_in_and_is_left_alone(unknown: str) -> None:
    users = MemoryUsers([User(id="1", email="ada@example.com", password_hash=unknown)])
    assert log_in(users, TYPED) == 422
    assert stored(users) == unknown
