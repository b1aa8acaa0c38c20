"""Twenty at once with one proof: one is let in, on every kind of store, in however many rounds `GUARDHOUSE_ROUNDS` says."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from anyio import create_task_group
from httpx2 import ASGITransport, AsyncClient, Response
from starlette.applications import Starlette

from guardhouse.limits import LoginThrottle
from guardhouse.starlette import Guardhouse
from guardhouse.state import recovery
from guardhouse.state.attempts import AttemptLimit
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.limit import Limit
from guardhouse.state.store import Closable
from guardhouse.ways import Ways
from tests.houses import ADA, ORIGIN, PAGE, SESSION, parts
from tests.stores.kinds import KINDS
from tests.ways.houses import Clock
from tests.ways.phones import RIGHT, Owner, Phone

pytestmark = pytest.mark.slow

ROUNDS = int(os.environ.get("GUARDHOUSE_ROUNDS", "2"))
MANY = 20
NOBODY_REACHES = 10_000_000
LOST = {401, 422}
"""What the losers hear: wrong or used, or that nobody is asked any more."""


class Racecourse:
    """A house over one store, with limits that twenty at once do not reach in any number of rounds."""

    def __init__(self, store: Any, **ways: Any) -> None:
        self.clock = Clock()
        self.store = store
        self.house: Guardhouse[Any] = Guardhouse(**parts(store=store, clock=self.clock, public_url=ORIGIN))
        throttle = LoginThrottle(
            self.house.limits,
            account=AttemptLimit(tries=NOBODY_REACHES, most=NOBODY_REACHES),
            network=Limit(NOBODY_REACHES, timedelta(minutes=1), "races"),
        )
        self.app = Starlette()
        Ways(self.house, "web", app_name="Acme", throttle=throttle, **ways).install(self.app)
        self.house.install(self.app)

    def client(self, session: str | None = None) -> AsyncClient:
        client = AsyncClient(transport=ASGITransport(app=self.app), base_url=ORIGIN, headers=PAGE)
        if session is not None:
            client.headers["Cookie"] = f"{SESSION}={session}"
        return client

    async def session(self) -> str:
        """A session in which the password was given."""
        async with self.client() as client:
            return (await client.post("/login", json=RIGHT)).cookies[SESSION]

    async def post(self, path: str, session: str, **fields: object) -> Response:
        async with self.client(session) as client:
            return await client.post(path, json=fields)

    async def switch_on(self) -> tuple[Owner, str]:
        """Switch the second step on; return who did, and his session."""
        session = await self.session()
        phone = Phone((await self.post("/two-factor-setup", session)).json()["uri"])
        done = await self.post("/two-factor-confirm", session, code=phone.code(self.clock.now))
        self.clock.now += 60
        return Owner(phone, done.json()["recovery_codes"]), done.cookies[SESSION]

    async def enrolled(self, *kinds: Kind) -> Sequence[Enrolment]:
        found: Sequence[Enrolment] = await self.store.enrolments.enrolled(f"users:{ADA.id}", *kinds)
        return found


@pytest.fixture(params=["memory", "sqlite", "postgres", "redis"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    made = KINDS[request.param].make(tmp_path)
    await made.enrolments.withdraw_all(f"users:{ADA.id}")  # a server is shared with other tests
    yield made
    if isinstance(made, Closable):
        await made.close()


async def at_once(work: Callable[[int], Awaitable[Response]], times: int = MANY) -> list[Response]:
    heard: list[Response] = []

    async def run(number: int) -> None:
        heard.append(await work(number))

    async with create_task_group() as tasks:
        for number in range(times):
            tasks.start_soon(run, number)
    return heard


def one_winner(heard: Sequence[Response]) -> Response:
    """The one who won; the others lost, and in a way that is no error."""
    winners = [answer for answer in heard if answer.status_code == 200]
    others = {answer.status_code for answer in heard} - {200}
    assert len(winners) == 1, sorted(answer.status_code for answer in heard)
    assert others <= LOST, others
    return winners[0]


@pytest.mark.parametrize("windows", [1, MANY], ids=["in one session", "each in his own"])
async def test_one_code_lets_one_in(store, windows):
    course = Racecourse(store)
    owner, _ = await course.switch_on()
    for _ in range(ROUNDS):
        course.clock.now += 60
        sessions = [await course.session() for _ in range(windows)]
        code = owner.phone.code(course.clock.now)
        heard = await at_once(lambda n: course.post("/two-factor", sessions[n % windows], code=code))  # noqa: B023 - awaited within the round
        assert one_winner(heard).json() == {"done": "logged-in"}


@pytest.mark.parametrize("windows", [1, MANY], ids=["in one session", "each in his own"])
async def test_one_recovery_code_lets_one_in(store, windows):
    course = Racecourse(store)
    owner, session = await course.switch_on()
    unused = list(owner.codes)
    for _ in range(ROUNDS):
        if not unused:
            unused = (await course.post("/recovery-codes", session)).json()["recovery_codes"]
        code = unused.pop()
        sessions = [await course.session() for _ in range(windows)]
        heard = await at_once(
            lambda n: course.post("/two-factor-recovery", sessions[n % windows], code=code)  # noqa: B023 - as above
        )
        one_winner(heard)
    (codes,) = await course.enrolled(Kind.RECOVERY)
    assert recovery.left(codes) == len(unused)


async def test_several_codes_at_once_are_used_by_those_whom_they_let_in(store):
    course = Racecourse(store)
    owner, _ = await course.switch_on()
    sessions = [await course.session() for _ in owner.codes]
    heard = await at_once(
        lambda n: course.post("/two-factor-recovery", sessions[n], code=owner.codes[n]), len(sessions)
    )
    let_in = sum(answer.status_code == 200 for answer in heard)
    assert let_in >= 1
    (codes,) = await course.enrolled(Kind.RECOVERY)
    assert recovery.left(codes) == 10 - let_in


async def test_one_confirmation_counts_and_its_ten_codes_are_all_there_are(store):
    for _ in range(ROUNDS):
        course = Racecourse(store)
        await store.enrolments.withdraw_all(f"users:{ADA.id}")
        session = await course.session()
        phone = Phone((await course.post("/two-factor-setup", session)).json()["uri"])
        code = phone.code(course.clock.now)
        heard = await at_once(lambda _: course.post("/two-factor-confirm", session, code=code))  # noqa: B023 - as above
        winners = [answer for answer in heard if "recovery_codes" in answer.json()]
        assert len(winners) == 1, [answer.text for answer in heard]
        (codes,) = await course.enrolled(Kind.RECOVERY)
        shown = winners[0].json()["recovery_codes"]
        assert all(recovery.without(codes, code, 1.0) for code in shown)
        assert (recovery.left(codes), len(await course.enrolled(Kind.TOTP))) == (10, 1)


async def test_of_those_who_must_enrol_one_does(store):
    for _ in range(ROUNDS):
        course = Racecourse(store, require_second_factor=True)
        await store.enrolments.withdraw_all(f"users:{ADA.id}")
        sessions = [await course.session() for _ in range(MANY)]
        shown = [(await course.post("/two-factor-required", one)).json()["uri"] for one in sessions]
        codes = [Phone(uri).code(course.clock.now) for uri in shown]
        heard = await at_once(lambda n: course.post("/two-factor-required", sessions[n], code=codes[n]))  # noqa: B023 - as above
        one_winner(heard)
        assert len(await course.enrolled(Kind.TOTP)) == 1


async def test_of_many_renewals_the_codes_of_one_that_was_answered_are_good_and_no_others(store):
    course = Racecourse(store)
    owner, session = await course.switch_on()
    for _ in range(ROUNDS):
        heard = await at_once(lambda _: course.post("/recovery-codes", session))
        assert {answer.status_code for answer in heard} <= {200, 422}
        (codes,) = await course.enrolled(Kind.RECOVERY)
        good = [
            all(recovery.without(codes, code, 1.0) for code in answer.json()["recovery_codes"])
            for answer in heard
            if answer.status_code == 200
        ]
        assert good.count(True) == 1
        assert recovery.left(codes) == 10
        assert recovery.without(codes, owner.codes[0], 1.0) is None


async def test_a_code_that_is_used_while_all_are_renewed_leaves_ten_at_most(store):
    course = Racecourse(store)
    owner, session = await course.switch_on()
    sessions = [await course.session() for _ in range(5)]

    async def work(number: int) -> Response:
        if number == 2:
            return await course.post("/recovery-codes", session)
        return await course.post("/two-factor-recovery", sessions[number % 5], code=owner.codes[number])

    heard = await at_once(work, 5)
    assert {answer.status_code for answer in heard} <= {200, 422}
    (codes,) = await course.enrolled(Kind.RECOVERY)
    assert recovery.left(codes) <= 10
    renewed = [answer for answer in heard if "recovery_codes" in answer.json()]
    for answer in renewed:
        assert all(recovery.without(codes, code, 1.0) for code in answer.json()["recovery_codes"])
        assert recovery.without(codes, owner.codes[9], 1.0) is None
