"""The desk of a session guard: who hands in what, what becomes of the session, and what the listeners hear."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from guardhouse import (
    Attempting,
    Authenticated,
    ConfigError,
    Failed,
    Login,
    Logout,
    MemoryUsers,
    Passwords,
    SessionGuard,
    SessionPolicy,
    User,
    Validated,
)
from guardhouse.auth import Auth
from guardhouse.starlette import Guardhouse
from guardhouse.vault.formats import Argon2Cost
from guardhouse.vault.password import Argon2Profile, PasswordCheck, PasswordHasher
from tests.houses import ADA, GRACE, HASH, HASHER, PASSWORD, SESSION, browser, present, said, starlette_house

NOBODY = {"email": "nobody@example.com", "password": PASSWORD}
RIGHT = {"email": ADA.email, "password": PASSWORD}
WRONG = {"email": ADA.email, "password": "wrong"}

DEARER = PasswordHasher(Argon2Profile("dearer", Argon2Cost(time=2, memory=8), "for this test"))

KINDS = (Attempting, Validated, Failed, Login, Authenticated, Logout)

Act = Callable[[Auth[User], Request], Awaitable[Any]]


class CountingHasher:
    """Hashes as cheaply as the other tests, and counts."""

    parallelism = 1

    def __init__(self) -> None:
        self.verified: list[str | None] = []
        self.hashed = 0

    def hash(self, password: str) -> str:
        self.hashed += 1
        return HASHER.hash(password)

    def verify(self, password: str, stored: str | None) -> PasswordCheck:
        self.verified.append(stored)
        return HASHER.verify(password, stored)


class CountingUsers(MemoryUsers):
    """Users that tell how often they were looked up by id."""

    looked_up = 0

    async def by_id(self, user_id: str) -> User | None:
        self.looked_up += 1
        return await super().by_id(user_id)


class Counter:
    """A house with a desk in it: what is done there is said in the test, as a function."""

    def __init__(self, **changes: Any) -> None:
        self.heard: list[Any] = []
        self.now = 1_000_000.0
        self.users = CountingUsers([ADA, GRACE])
        self.house: Guardhouse[User] = starlette_house(
            **{"users": self.users, "clock": lambda: self.now} | changes
        )
        for kind in KINDS:
            self.house.listen(kind, self.heard.append)
        self._act: Act = _nothing
        self._guard: str | None = None
        self.app = Starlette(routes=[Route("/", self._serve, methods=["GET", "POST"])])
        self.house.install(self.app)

    def browser(self, **options: Any) -> TestClient:
        return browser(self.app, **options)

    def does(self, client: TestClient, act: Act, guard: str | None = None, **options: Any) -> Any:
        """Let a client's POST do something at the desk of a guard; return what came of it."""
        return self.answer(client, act, guard, **options).json()

    def answer(
        self, client: TestClient, act: Act, guard: str | None = None, method: str = "POST", **options: Any
    ) -> Any:
        self._act, self._guard = act, guard
        self.heard.clear()
        return client.request(method, "/", **options)

    async def _serve(self, request: Request) -> Response:
        came = await self._act(self.house.auth(request, self._guard), request)
        return JSONResponse(came.id if isinstance(came, User) else came)

    @property
    def names(self) -> list[str]:
        return [type(event).__name__ for event in self.heard]


async def _nothing(auth: Auth[User], request: Request) -> None: ...


def attempt(credentials: Any, *, remember: bool = False) -> Act:
    return lambda auth, request: auth.attempt(credentials, remember=remember)


def once(credentials: Mapping[str, str]) -> Act:
    return lambda auth, request: auth.once(credentials)


def login(user: User) -> Act:
    return lambda auth, request: auth.login(user)


async def logout(auth: Auth[User], request: Request) -> None:
    await auth.logout()


async def user(auth: Auth[User], request: Request) -> User | None:
    return await auth.user()


async def user_id(auth: Auth[User], request: Request) -> str | None:
    identity = await auth.identity()
    return identity.user_id if identity else None


@pytest.fixture
def counter() -> Counter:
    return Counter()


# -- handing in -----------------------------------------------------------------------------------------------------


def test_right_credentials_log_in(counter: Counter):
    client = counter.browser()
    assert counter.does(client, attempt(RIGHT)) == ADA.id
    assert counter.does(client, user) == ADA.id
    assert counter.does(client, user, method="GET") == ADA.id


@pytest.mark.parametrize(
    "credentials",
    [
        NOBODY,
        WRONG,
        {},
        {"email": ADA.email},
        {"password": PASSWORD},
        {"email": ADA.email, "password": ""},
        {"email": ADA.email, "password": None},
        {"email": ADA.email, "password": [PASSWORD]},
        {"email": [ADA.email], "password": PASSWORD},
        {"email": None, "password": PASSWORD},
        {"email": ADA.email, "PASSWORD": PASSWORD},
        {"email": ADA.email, "password": PASSWORD, "id": "2"},
        {"email": ADA.email, "password": HASH},
        {"email": ADA.email, "password": PASSWORD + "\0"},
        {"email": ADA.email, "password": "x" * 100_000},
        {"email": ADA.email, "password": "\ud800"},
        [],
        [["email", ADA.email], ["password", PASSWORD]],
        "email",
        None,
        7,
    ],
)
def test_everything_else_logs_nobody_in(counter: Counter, credentials):
    client = counter.browser()
    answer = counter.answer(client, attempt(credentials))
    assert (answer.status_code, answer.json(), "set-cookie" in answer.headers) == (200, None, False)
    assert counter.names == ["Attempting", "Failed"]
    assert counter.does(client, user) is None


@pytest.mark.parametrize("credentials", [NOBODY, WRONG, {"email": "", "password": "x"}, {}])
@pytest.mark.parametrize("verb", ["attempt", "once", "validate"])
def test_a_failure_costs_the_same_whoever_was_meant(credentials, verb):
    hasher = CountingHasher()
    counter = Counter(passwords=Passwords(hasher))
    counter.does(counter.browser(), lambda auth, _: getattr(auth, verb)(credentials))
    assert (len(hasher.verified), hasher.hashed) == (1, 0)


def test_a_user_without_a_password_has_none_that_fits():
    counter = Counter(users=MemoryUsers([replace(ADA, password_hash=None)]))
    assert counter.does(counter.browser(), attempt({"email": ADA.email, "password": ""})) is None
    assert counter.does(counter.browser(), attempt(RIGHT)) is None


def test_the_token_of_a_form_is_no_condition(counter: Counter):
    assert counter.does(counter.browser(), attempt({**RIGHT, "_token": "v1.x"})) == ADA.id


def test_validate_logs_nobody_in(counter: Counter):
    client = counter.browser()
    answer = counter.answer(client, lambda auth, _: auth.validate(RIGHT))
    assert (answer.json(), "set-cookie" in answer.headers, counter.names) == (True, False, ["Validated"])
    assert counter.does(client, lambda auth, _: auth.validate(WRONG)) is False
    assert counter.does(client, lambda auth, _: auth.check()) is False


def test_once_is_for_this_request_only(counter: Counter):
    async def once_and_ask(auth: Auth[User], request: Request) -> list[Any]:
        await auth.once(RIGHT)
        found, identity = await auth.user(), await auth.identity()
        assert found is not None
        assert identity is not None
        return [found.id, identity.how, (await counter.house.user(request, "web")).id]

    client = counter.browser()
    answer = counter.answer(client, once_and_ask)
    assert (answer.json(), "set-cookie" in answer.headers) == (["1", "once", "1"], False)
    assert counter.does(client, user) is None
    assert counter.does(client, once(WRONG)) is None


def test_an_old_hash_is_replaced_at_the_login():
    before = HASHER.hash(PASSWORD)
    users = MemoryUsers([replace(ADA, password_hash=before), GRACE])
    counter = Counter(users=users, passwords=Passwords(DEARER))
    client = counter.browser()
    assert counter.does(client, attempt(WRONG)) is None
    assert users._by_id["1"].password_hash == before
    assert counter.does(client, attempt(RIGHT)) == ADA.id
    after = users._by_id["1"].password_hash
    assert before != after
    assert counter.does(client, user) == ADA.id
    assert counter.does(client, attempt(RIGHT)) == ADA.id
    assert users._by_id["1"].password_hash == after


class MeanwhileUsers(MemoryUsers):
    """Users of whom something becomes while a fresher hash is made."""

    def __init__(self, becomes: User | None) -> None:
        super().__init__([ADA])
        self._becomes = becomes

    async def rehash(self, user: User, password_hash: str) -> None:
        if self._becomes is None:
            self.remove(user.id)
        else:
            self.replace(self._becomes)
        await super().rehash(user, password_hash)


@pytest.mark.parametrize(
    "becomes",
    [
        pytest.param(replace(ADA, password_hash=HASHER.hash("another")), id="another password"),
        pytest.param(None, id="gone"),
    ],
)
def test_who_changes_while_his_hash_is_replaced_has_not_proven_who_he_is_now(becomes: User | None):
    counter = Counter(users=MeanwhileUsers(becomes), passwords=Passwords(DEARER))
    client = counter.browser()
    assert counter.does(client, attempt(RIGHT)) is None
    assert counter.names == ["Attempting", "Failed"]
    assert SESSION not in client.cookies


# -- what listeners hear --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "order"),
    [
        (attempt(RIGHT), ["Attempting", "Validated", "Login", "Authenticated"]),
        (attempt(WRONG), ["Attempting", "Failed"]),
        (attempt(NOBODY), ["Attempting", "Failed"]),
        (once(RIGHT), ["Attempting", "Validated", "Authenticated"]),
        (once(WRONG), ["Attempting", "Failed"]),
        (login(ADA), ["Login", "Authenticated"]),
        (user, []),
        (logout, ["Logout"]),
    ],
)
def test_events_come_in_their_order(counter: Counter, act, order):
    counter.does(counter.browser(), act)
    assert counter.names == order


def test_a_user_is_authenticated_once_for_a_request(counter: Counter):
    async def ask_twice(auth: Auth[User], request: Request) -> bool:
        return await auth.user() is await auth.user()

    client = counter.browser()
    counter.does(client, attempt(RIGHT))
    looked_up = counter.users.looked_up
    assert counter.does(client, ask_twice)
    assert (counter.names, counter.users.looked_up - looked_up) == (["Authenticated"], 1)
    counter.does(client, user_id)
    assert counter.names == []


def test_whoever_just_logged_in_is_not_looked_up_again(counter: Counter):
    async def log_in_and_ask(auth: Auth[User], request: Request) -> User | None:
        await auth.attempt(RIGHT)
        return await auth.user()

    assert counter.does(counter.browser(), log_in_and_ask) == ADA.id
    assert counter.users.looked_up == 0


def test_events_say_who_and_never_the_password(counter: Counter):
    counter.does(
        counter.browser(), attempt({**WRONG, "password_confirmation": "wrong", "client_secret": "wrong"})
    )
    attempting, failed = counter.heard
    assert attempting == Attempting("web", {"email": ADA.email})
    assert (failed.guard, failed.user) == ("web", ADA)
    assert "wrong" not in repr(counter.heard)
    counter.does(counter.browser(), attempt(NOBODY))
    assert counter.heard[1].user is None


def test_a_logout_tells_whose_login_ended(counter: Counter):
    client = counter.browser()
    counter.does(client, attempt(RIGHT), "api")
    counter.does(client, logout, "web")
    (ended,) = counter.heard
    assert (ended.guard, ended.identity.user_id) == ("web", ADA.id)
    counter.does(client, logout)
    assert counter.heard == [Logout("web", None)]


# -- renewing -------------------------------------------------------------------------------------------------------


async def token(auth: Auth[User], request: Request) -> str:
    return auth._visit.carried.csrf_token()


async def write(auth: Auth[User], request: Request) -> int:
    session = await auth._visit.carried.open()
    session["cart"] = session.get("cart", 0) + 1
    return int(session["cart"])


async def cart(auth: Auth[User], request: Request) -> Any:
    return (await auth._visit.carried.open()).get("cart")


def test_a_login_gives_a_new_id_and_the_old_one_is_dead(counter: Counter):
    client = counter.browser()
    counter.does(client, write)
    planted = client.cookies[SESSION]
    counter.does(client, attempt(RIGHT))
    assert client.cookies[SESSION] != planted
    assert counter.does(client, cart) == 1
    thief = present(counter.browser(), planted)
    assert (counter.does(thief, user), counter.does(thief, cart)) == (None, None)


def test_a_second_login_gives_a_new_id_again(counter: Counter):
    client = counter.browser()
    counter.does(client, attempt(RIGHT))
    first = client.cookies[SESSION]
    counter.does(client, attempt(RIGHT))
    assert client.cookies[SESSION] != first
    assert counter.does(present(counter.browser(), first), user) is None


def test_an_id_that_nobody_gave_out_is_not_adopted(counter: Counter):
    planted = "A" * 43
    client = present(counter.browser(), planted)
    counter.does(client, attempt(RIGHT))
    assert planted not in client.cookies.values() or client.cookies[SESSION] != planted
    assert counter.does(present(counter.browser(), planted), user) is None


@pytest.mark.parametrize("act", [attempt(RIGHT), logout])
def test_tokens_of_before_prove_nothing_afterwards(counter: Counter, act):
    client = counter.browser()
    counter.does(client, attempt(RIGHT))
    before = counter.does(client, token)
    counter.does(client, act)
    after = counter.does(client, token)
    del client.headers["Sec-Fetch-Site"]
    assert said(counter.answer(client, logout, headers={"X-CSRF-Token": before})) == (
        403,
        "csrf_token_invalid",
    )
    assert counter.answer(client, logout, headers={"X-CSRF-Token": after}).status_code == 200


def test_a_token_of_another_visitor_proves_nothing(counter: Counter):
    ada, grace = counter.browser(), counter.browser()
    counter.does(ada, attempt(RIGHT))
    of_grace = counter.does(grace, token)
    del ada.headers["Sec-Fetch-Site"]
    assert said(counter.answer(ada, logout, headers={"X-CSRF-Token": of_grace})) == (
        403,
        "csrf_token_invalid",
    )


@pytest.mark.parametrize("act", [attempt(RIGHT), login(ADA), logout])
def test_another_site_logs_nobody_in_or_out(counter: Counter, act):
    client = counter.browser()
    counter.does(client, attempt(RIGHT))
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    answer = counter.answer(client, act, headers=foreign)
    assert (said(answer), counter.heard) == ((403, "csrf_origin_untrusted"), [])
    assert "set-cookie" not in answer.headers
    assert counter.does(client, user) == ADA.id


# -- realms ---------------------------------------------------------------------------------------------------------


def test_guards_over_the_same_users_share_their_login(counter: Counter):
    client = counter.browser()
    counter.does(client, attempt(RIGHT), "web")
    assert counter.does(client, user, "api") == ADA.id
    assert counter.does(client, user, "staff") is None
    counter.does(client, logout, "api")
    assert counter.does(client, user, "web") is None


def test_a_logout_leaves_the_login_of_another_realm(counter: Counter):
    client = counter.browser()
    counter.does(client, attempt(RIGHT), "web")
    counter.does(client, attempt(RIGHT), "staff")
    before = client.cookies[SESSION]
    counter.does(client, logout, "web")
    assert client.cookies[SESSION] != before
    assert (counter.does(client, user, "web"), counter.does(client, user, "staff")) == (None, ADA.id)
    assert counter.does(present(counter.browser(), before), user, "staff") is None
    counter.does(client, logout, "staff")
    assert len(counter.house.parts.store) == 0  # type: ignore[arg-type]


def test_a_logout_of_somebody_who_is_not_there_changes_nothing(counter: Counter):
    client = counter.browser()
    answer = counter.answer(client, logout)
    assert (answer.status_code, SESSION in answer.cookies) == (200, False)
    counter.does(client, write)
    counter.does(client, logout)
    assert counter.does(client, cart) == 1


def test_whoever_logs_in_after_another_finds_nothing_of_his(counter: Counter):
    client = counter.browser()
    counter.does(client, attempt(RIGHT))
    counter.does(client, write)
    counter.does(client, attempt(RIGHT))
    assert counter.does(client, cart) == 1
    counter.does(client, attempt({"email": GRACE.email, "password": PASSWORD}))
    assert (counter.does(client, cart), counter.does(client, user)) == (None, GRACE.id)


def test_two_providers_keep_two_logins():
    members, staff = MemoryUsers([ADA]), MemoryUsers([replace(GRACE, id="1")])
    guards = {"web": SessionGuard(provider="members"), "desk": SessionGuard(provider="staff")}
    counter = Counter(users={"members": members, "staff": staff}, guards=guards)
    client = counter.browser()
    counter.does(client, attempt(RIGHT), "web")
    assert counter.does(client, user, "desk") is None
    assert counter.does(client, attempt(RIGHT), "desk") is None
    assert counter.does(client, user, "web") == ADA.id
    counter.does(client, attempt({"email": GRACE.email, "password": PASSWORD}), "desk")

    async def email(auth: Auth[User], request: Request) -> str:
        found = await auth.user()
        return found.email if found else ""

    assert [counter.does(client, email, guard) for guard in ("web", "desk")] == [ADA.email, GRACE.email]


# -- how long -------------------------------------------------------------------------------------------------------

HOUR = timedelta(hours=1)
SHORT = SessionPolicy(
    idle=HOUR, absolute=5 * HOUR, remembered_idle=48 * HOUR, remembered_absolute=24 * 30 * HOUR
)


@pytest.mark.parametrize(
    ("remember", "hours", "asked_every", "there"),
    [
        (False, 0.9, None, True),
        (False, 1.0, None, False),
        (False, 4.9, 0.5, True),
        (False, 5.0, 0.5, False),
        (True, 47, None, True),
        (True, 48, None, False),
        (True, 24 * 30 - 1, 24, True),
        (True, 24 * 30, 24, False),
    ],
)
def test_a_login_lasts_as_long_as_the_policy_says(remember, hours, asked_every, there):
    counter = Counter(sessions=SHORT)
    began = counter.now
    client = counter.browser()
    counter.does(client, attempt(RIGHT, remember=remember))
    moment = asked_every or hours
    while moment < hours:
        counter.now = began + moment * 3600
        assert counter.does(client, user) == ADA.id
        moment += asked_every or hours
    counter.now = began + hours * 3600
    assert (counter.does(client, user) == ADA.id) is there


@pytest.mark.parametrize(("remember", "age"), [(False, None), (True, 24 * 30 * 3600)])
def test_only_a_remembered_login_survives_the_closing_of_the_browser(remember, age):
    counter = Counter(sessions=SHORT)
    answer = counter.answer(counter.browser(), attempt(RIGHT, remember=remember))
    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith(f"{SESSION}="))
    assert (f"Max-Age={age}" in cookie) if age else ("Max-Age" not in cookie)
    assert cookie.endswith("; Path=/; Secure; SameSite=Lax; HttpOnly")


def test_an_expired_session_stays_dead_when_the_clock_is_set_back():
    counter = Counter(sessions=SHORT)
    client = counter.browser()
    counter.does(client, attempt(RIGHT))
    counter.now += 3600
    assert counter.does(client, user) is None
    counter.now -= 3600
    assert counter.does(client, user) is None


# -- the user behind the login --------------------------------------------------------------------------------------


def test_a_changed_password_ends_the_logins_that_it_opened(counter: Counter):
    client, other = counter.browser(), counter.browser()
    counter.does(client, attempt(RIGHT))
    counter.users.replace(replace(ADA, password_hash=HASHER.hash("another password")))
    assert counter.does(client, user) is None
    counter.does(other, attempt({**RIGHT, "password": "another password"}))
    assert counter.does(other, user) == ADA.id
    counter.users.replace(replace(ADA, password_hash=None))
    assert counter.does(other, user) is None


def test_a_login_in_the_request_that_found_the_password_changed_counts(counter: Counter):
    async def ask_then_log_in(auth: Auth[User], request: Request) -> list[Any]:
        before = await auth.user()
        await auth.attempt({**RIGHT, "password": "another password"})
        after = await auth.user()
        return [before, after.id if after else None]

    client = counter.browser()
    counter.does(client, attempt(RIGHT))
    counter.users.replace(replace(ADA, password_hash=HASHER.hash("another password")))
    assert counter.does(client, ask_then_log_in) == [None, ADA.id]


def test_a_login_without_a_password_does_not_depend_on_one():
    users = CountingUsers([replace(ADA, password_hash=None)])
    counter = Counter(users=users)
    client = counter.browser()
    counter.does(client, login(replace(ADA, password_hash=None)))
    assert counter.does(client, user) == ADA.id
    users.replace(ADA)
    assert counter.does(client, user) == ADA.id


def test_a_removed_user_is_nobody(counter: Counter):
    client = counter.browser()
    counter.does(client, attempt(RIGHT))
    counter.users.remove(ADA.id)
    assert counter.does(client, user) is None
    assert counter.does(client, user_id) == ADA.id


def test_a_desk_is_one_of_a_session_guard(counter: Counter):
    for name, fix in (("key", "web, api, staff"), ("wab", "The names are")):
        with pytest.raises(ConfigError, match=fix):
            counter.does(counter.browser(), user, name)
