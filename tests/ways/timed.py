"""A server of its own for measuring: ways in as people install them, and the same with a leak in each that answers too soon.

Hashing is made brisk, so that a difference of a hash is found in little time, and throttles are wide: whoever measures asks
often. `python -m tests.ways.timed FOLDER memory|sqlite fair|leaky` prints its port.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker
from starlette.applications import Starlette

from guardhouse import MemoryUsers, Passwords
from guardhouse.core.reasons import Reason
from guardhouse.desks import entry, register, reset
from guardhouse.desks.desk import Desk
from guardhouse.edge.ways.way import Way
from guardhouse.flows.plan import Done, Next, Refuse
from guardhouse.flows.register import REGISTERED
from guardhouse.limits import LoginThrottle
from guardhouse.mail.folder import FolderMailer
from guardhouse.mail.mailer import Mailer
from guardhouse.starlette import Guardhouse
from guardhouse.state.attempts import AttemptLimit
from guardhouse.state.limit import Limit
from guardhouse.vault.formats import Argon2Cost
from guardhouse.vault.password import Argon2Profile, PasswordHasher
from guardhouse.ways import Ways
from tests.houses import ADA, ORIGIN, PASSWORD, parts
from tests.mail.posts import writer
from tests.users.writable import KINDS, Base

BRISK = PasswordHasher(
    Argon2Profile("brisk", Argon2Cost(time=1, memory=4096), "some milliseconds, for tests")
)
OFTEN = 10**6
PACE = timedelta(milliseconds=100)
"""A busy machine of the tests writes a row within it."""


def application(folder: Path, kind: str, *, leaky: bool) -> Starlette:
    """Make the application."""
    users = MemoryUsers() if kind == "memory" else rows(folder)
    house: Guardhouse[Any] = Guardhouse(
        **parts(
            users=users,
            passwords=Passwords(BRISK),
            public_url=ORIGIN,
            debug=True,
            store=f"sqlite:///{folder}/store.db",
        )
    )
    mailer = FolderMailer(writer(), folder)
    throttle = LoginThrottle(
        house.limits, account=AttemptLimit(tries=OFTEN, most=OFTEN), network=Limit(OFTEN, name="login")
    )
    ways = Ways(
        house,
        "web",
        app_name="Acme",
        mail=mailer,
        throttle=throttle,
        replace=leaks(mailer) if leaky else (),
        pace=PACE,
    )
    app = Starlette()
    ways.install(app)
    house.install(app)
    asyncio.run(users.register(ADA.email, BRISK.hash(PASSWORD), {}))
    return app


def rows(folder: Path) -> Any:
    """Make a table of users in a file."""
    engine = create_engine(f"sqlite:///{folder}/users.db")
    Base.metadata.create_all(engine)
    return KINDS["citizen"].users(sessionmaker(engine))


def leaks(mailer: Mailer) -> list[Way]:
    """Each answers as it should, and saves a stranger or an owner some time."""

    async def log_in(desk: Desk[Any], handed: entry.LogInWith) -> Next:
        if await desk.find(handed.login) is None:
            return Refuse(Reason.LOGIN_FAILED)  # without the work of a wrong password
        return await entry.log_in(desk, handed)

    async def open_account(desk: Desk[Any], handed: register.Register) -> Next:
        if await desk.find(handed.login) is not None:
            return Done(REGISTERED.what)  # without hashing
        return await register.register(desk, handed)

    async def forget(desk: Desk[Any], handed: reset.Forgot) -> Next:
        user = await desk.find(handed.login)
        notice = None if user is None else desk.notice("password_changed", user)
        if notice is not None:
            await mailer.send(notice)  # before the answer
        return await reset.forgot(desk, handed)

    return [
        Way("login", log_in, entry.LogInWith),
        Way("register", open_account, register.Register),
        Way("forgot-password", forget, reset.Forgot),
    ]


def main(folder: str, kind: str, which: str) -> None:
    """Serve until somebody ends the process."""
    logging.disable()
    app = application(Path(folder), kind, leaky=which == "leaky")
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()  # who connects before the server runs waits
        print(listening.getsockname()[1], flush=True)
        uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False)).run([listening])


if __name__ == "__main__":
    main(*sys.argv[1:])
