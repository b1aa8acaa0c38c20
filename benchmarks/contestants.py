"""Who is measured, and beside which bare framework."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

BARE = "bare_starlette"
"""Every cost is divided by the cost of this one in the same round."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """An application under `benchmarks.apps`, and what must hold of it before it is timed."""

    name: str
    title: str
    bare: str
    """The same framework with nothing around it."""
    needs: str = "starlette"
    token: tuple[str, str] | None = None
    """The cookie and the header of its CSRF token; None where it has no CSRF check."""
    bearer: bool = False
    """Whether its login gives a token, which goes into Authorization."""

    @property
    def guarded(self) -> bool:
        """Whether somebody must be logged in."""
        return self.name != self.bare

    @property
    def installed(self) -> bool:
        """Whether its library is here."""
        return find_spec(self.needs) is not None

    def load(self) -> Any:  # noqa: ANN401 - an ASGI application of any framework
        """Import the application."""
        return import_module(f"benchmarks.apps.{self.name}").app


_XSRF = ("XSRF-TOKEN", "x-xsrf-token")
_CSRFTOKEN = ("csrftoken", "x-csrftoken")

ON_SERVERS = (
    Contestant("bare_redis", "bare Starlette + one redis-py GET", "bare_redis", "redis"),
    Contestant("guardhouse_redis", "guardhouse, Redis", BARE, "redis", _XSRF),
    Contestant("guardhouse_redis_tracking", "guardhouse, Redis, tracking, warm", BARE, "redis", _XSRF),
    Contestant("bare_postgres", "bare Starlette + one pooled asyncpg read", "bare_postgres", "asyncpg"),
    Contestant("guardhouse_postgres", "guardhouse, PostgreSQL", BARE, "asyncpg", _XSRF),
)
"""Those of `benchmarks.on_servers`, which starts what they need."""

PEERS_ON_REDIS = (
    Contestant("starsessions_redis", "starsessions, Redis (no CSRF)", BARE, "starsessions"),
    Contestant("fastapi_users_redis", "fastapi-users, Redis (no CSRF)", BARE, "fastapi_users"),
    Contestant("litestar_redis", "Litestar session auth, Redis", BARE, "litestar", _CSRFTOKEN),
    Contestant("django_redis", "Django, sessions in Redis", BARE, "django", _CSRFTOKEN),
)
"""What others take over the same Redis; they are installed for the benchmarks only."""

CONTESTANTS = (
    Contestant(BARE, "bare Starlette", BARE),
    Contestant("minimum_memory", "by hand, the least there is, memory", BARE),
    Contestant("minimum_sqlite", "by hand, the least there is, SQLite file", BARE),
    Contestant("guardhouse_memory", "guardhouse, memory, identity", BARE, token=_XSRF),
    Contestant("guardhouse_user", "guardhouse, memory, decorator and user", BARE, token=_XSRF),
    Contestant("guardhouse_sqlite", "guardhouse, SQLite file, identity", BARE, token=_XSRF),
    Contestant("guardhouse_sealed", "guardhouse, sealed cookie, identity", BARE, "cryptography", _XSRF),
    Contestant(
        "guardhouse_sealed_epochs",
        "guardhouse, sealed cookie, epochs in memory, identity",
        BARE,
        "cryptography",
        _XSRF,
    ),
    Contestant("guardhouse_token", "guardhouse, token in memory, identity", BARE, bearer=True),
    Contestant("guardhouse_token_sqlite", "guardhouse, token in SQLite file, identity", BARE, bearer=True),
    Contestant("guardhouse_jwt", "guardhouse, JWT seen before, identity", BARE, bearer=True),
    Contestant("guardhouse_jwt_fresh", "guardhouse, JWT verified anew, identity", BARE, bearer=True),
    Contestant("starlette_sessions", "Starlette session + auth middleware (no CSRF)", BARE, "itsdangerous"),
    Contestant("starsessions_memory", "starsessions, memory (no CSRF)", BARE, "starsessions"),
    Contestant("bare_fastapi", "bare FastAPI", "bare_fastapi", "fastapi"),
    Contestant(
        "guardhouse_fastapi", "guardhouse, memory, user by dependency", "bare_fastapi", "fastapi", _XSRF
    ),
    Contestant(
        "guardhouse_fastapi_token",
        "guardhouse, token, user by dependency",
        "bare_fastapi",
        "fastapi",
        bearer=True,
    ),
    Contestant(
        "guardhouse_fastapi_jwt",
        "guardhouse, JWT, user by dependency",
        "bare_fastapi",
        "fastapi",
        bearer=True,
    ),
    Contestant("fastapi_users_jwt", "fastapi-users, JWT cookie (no CSRF)", "bare_fastapi", "fastapi_users"),
    Contestant("fastapi_users_bearer", "fastapi-users, JWT", "bare_fastapi", "fastapi_users", bearer=True),
    Contestant("authx_jwt", "authx, JWT (no user)", "bare_fastapi", "authx", bearer=True),
    Contestant("bare_litestar", "bare Litestar", "bare_litestar", "litestar"),
    Contestant(
        "litestar_session",
        "Litestar session auth, memory",
        "bare_litestar",
        "litestar",
        _CSRFTOKEN,
    ),
    Contestant("litestar_jwt", "Litestar JWT auth", "bare_litestar", "litestar", bearer=True),
)


def installed(names: Collection[str] = ()) -> tuple[Contestant, ...]:
    """Take all, or those named with what they are divided by; leave out whose library is missing, and say so."""
    wanted = {BARE, *names, *(named(name).bare for name in names)}
    return tuple(_installed([one for one in CONTESTANTS if not names or one.name in wanted]))


def _installed(contestants: Iterable[Contestant]) -> Iterator[Contestant]:
    for contestant in contestants:
        if contestant.installed:
            yield contestant
        else:
            print(f"left out: {contestant.title}, because {contestant.needs} is not installed")


def named(name: str) -> Contestant:
    """Find one by the name of its file."""
    everybody = (*CONTESTANTS, *ON_SERVERS, *PEERS_ON_REDIS)
    return next(contestant for contestant in everybody if contestant.name == name)
