"""What one case plays in: a browser with its jar, the values that placeholders stand for, and eyes for who is who."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Barrier, Thread
from typing import Any

from tests.attack.application import PLAIN, Application
from tests.attack.cases import Request, SetUpError, SkippedError
from tests.attack.device import Device
from tests.attack.jar import Jar, set_cookies
from tests.attack.message import write
from tests.attack.placeholders import expand
from tests.attack.target import EVIL_ORIGIN, User
from tests.attack.wire import Answer, Line, Message, exchange

SUCCESS = range(200, 300)
REDIRECT = range(300, 400)
WELL_BEHAVED = (["Origin", "${ORIGIN}"], ["Sec-Fetch-Site", "same-origin"])
ISSUED = frozenset(
    {"ALG", "KID", "TRUSTED_SIGNATURE", "CREDENTIALS_CHANGED", "REVOKED_JTI", "REVOKED_SID_CLAIM"}
)
"""What stands for something that the application's own issuer says."""
INDEXED_EMAIL = "indexed-{}@example.com"
"""Another for each of the requests that a case sends at once."""
NEW_PASSWORD = "a new password, long enough"


class Scene:
    """One case's world, new for each."""

    def __init__(self, application: Application, transport: str = "http") -> None:
        self.application = application
        self.target = application.target
        self.transport = transport
        self.jar = Jar()
        self.names: dict[str, str] = {}
        self.case: str = ""
        """Which case it is, for a state that is another for each."""
        self.fault: str = ""
        self.talk: list[str] = []
        self.instead: Mapping[str, str] = {}
        self.device: Device | None = None
        """The authenticator of whoever has a passkey."""

    # What is what

    def value(self, name: str) -> str:
        """Return what a placeholder stands for."""
        target = self.target
        if name in ("SID", "CSRF"):
            own = self.jar.get(target.cookie("session" if name == "SID" else "csrf"))
            return own or self._named(name)
        if name in self.names:
            return self.names[name]
        if name.partition(" ")[0] in ISSUED:
            return self._issued(name)
        if name.startswith("ASSERTION ") and self.device is not None:
            return self.device.asserted(name.partition(" ")[2])
        if name in target.values:
            return expand(target.values[name], self.value)
        return self._constant(name)

    def _issued(self, name: str) -> str:
        """Ask the application, as only its own issuer can."""
        kind, _, message = name.partition(" ")
        if kind in ("ALG", "KID", "TRUSTED_SIGNATURE"):
            said = self.application.hook("sign", message=message or "x")
            return str(said[{"ALG": "alg", "KID": "kid"}.get(kind, "signature")])
        if kind == "CREDENTIALS_CHANGED":
            user = self.user("USER")
            changed = self.application.hook("change_password", email=user.username, password=user.password)
            return str(changed["now"])
        claim = {"REVOKED_JTI": "jti", "REVOKED_SID_CLAIM": "sid"}[kind]
        self.names[kind] = secrets.token_urlsafe(16)
        self.application.hook("revoked", claim=claim, value=self.names[kind])
        return self.names[kind]

    def _constant(self, name: str) -> str:
        target, host = self.target, self.application.authority(self.transport)
        scheme = "http" if self.transport == PLAIN else target.address.get("scheme", "https")
        person, _, part = name.partition("_")
        users = target.users
        constants = {
            "HOST": host,
            "ORIGIN": f"{scheme}://{host}",
            "EVIL_ORIGIN": EVIL_ORIGIN,
            "TRUSTED_ORIGIN": target.address.get("trusted_origin", ""),
            "SID_COOKIE": target.cookie("session"),
            "CSRF_COOKIE": target.cookie("csrf"),
            "REMEMBER_COOKIE": target.cookie("remember"),
            "CSRF_HEADER": target.csrf.get("header", ""),
            "CSRF_FIELD": target.csrf.get("field", ""),
            "P": target.roles["protected_get"].path,
            "PASS": users["USER"].password,
            "NEW_PASS": NEW_PASSWORD,
            "PROTECTED_MARKER": users["USER"].marker,
            "CALLBACK": self.application.callback.authority,
        }
        if constants.get(name):
            return constants[name]
        if person in users:
            known = {"": users[person].username, "EMAIL": users[person].username}
            return (known | {"PASS": users[person].password, "ID": users[person].id}).get(
                part
            ) or self._named(name)
        return self._named(name)

    def _named(self, name: str) -> str:
        if name not in self.names:
            raise SkippedError(f"nothing stands for ${{{name}}} here")
        return self.names[name]

    def user(self, who: str) -> User:
        """Return a test identity."""
        if who not in self.target.users:
            raise SkippedError(f"the target has no user {who}")
        return self.target.users[who]

    # Asking

    def message(self, request: Request, jar: Jar | None = None) -> Message:
        """Write a request of this scene."""
        wanted = str(request["path_role"])
        role = self.target.roles.get(self.instead.get(wanted, wanted))
        if role is None:
            raise SkippedError(f"the target has no role {request['path_role']}")
        return write(request, role, self.value("HOST"), self.jar if jar is None else jar, self.value)

    def ask(self, message: Message) -> Answer:
        """Send one request."""
        answer = exchange(self.application.address(self.transport), message)
        self.talk.append(_heard(message, answer))
        return answer

    def ask_together(self, messages: Sequence[Message]) -> list[Answer]:
        """Send requests at the same moment, each over a connection that is already open."""
        answers = [Answer()] * len(messages)
        start = Barrier(len(messages))
        address = self.application.address(self.transport)

        def one(position: int) -> None:
            with Line(address) as line:
                start.wait()
                answers[position] = line.ask(messages[position])

        threads = [Thread(target=one, args=(position,)) for position in range(len(messages))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.talk += [
            _heard(message, answer) for message, answer in zip(messages[:3], answers[:3], strict=True)
        ]
        return answers

    def visit(
        self, role: str, jar: Jar, body: Mapping[str, Any] | None = None, headers: Sequence[Any] = ()
    ) -> Answer:
        """Ask as a well-behaved browser does, and keep what is set."""
        known = self.target.roles.get(role)
        if known is None:
            raise SkippedError(f"the target has no role {role}")
        request = {
            "method": known.method,
            "path_role": role,
            "headers": [*WELL_BEHAVED, *headers],
            "cookies": "jar",
            "body": {"kind": "json", "value": body} if body else {},
        }
        answer = exchange(self.application.address(self.transport), self.message(request, jar))
        jar.take(answer.headers)
        return answer

    # People

    def log_in(self, who: str, jar: Jar, **more: Any) -> str:
        """Log a user in, and return the session id."""
        user = self.user(who)
        answer = self.visit("login", jar, {"username": user.username, "password": user.password, **more})
        session = jar.get(self.target.cookie("session"))
        if (answer.status not in SUCCESS and answer.status not in REDIRECT) or not session:
            refused = [cookie.refused for cookie in set_cookies(answer.headers) if cookie.refused]
            why = f", and the browser drops {refused[0]}" if refused else ""
            raise SetUpError(f"{who} cannot log in: {answer.status}{why}")
        return session

    def csrf(self, jar: Jar) -> str:
        """Fetch a CSRF token for a browser."""
        answer = self.visit("csrf_cookie", jar)
        token = jar.get(self.target.cookie("csrf"))
        if not token:
            raise SetUpError(f"csrf_cookie sets no token: {answer.status}")
        return token

    def who(self, cookies: Mapping[str, str]) -> str:
        """Return whom protected_get takes the bearer of these cookies for: a marker, or nothing."""
        with self.calm():
            answer = self.visit("protected_get", Jar(cookies))
        if answer.status not in SUCCESS:
            return ""
        return next((marker for marker in self.target.markers if marker in answer.text), "")

    def whose(self, session: str) -> str:
        """Return whom a session id alone stands for."""
        return self.who({self.target.cookie("session"): session}) if session else ""

    @contextmanager
    def calm(self) -> Iterator[None]:
        """Lift a fault for a look, and bring it back."""
        fault = self.fault
        if fault:
            self.break_store("ok")
        try:
            yield
        finally:
            if fault:
                self.break_store(fault)

    def break_store(self, fault: str) -> None:
        """Let the store fail, or work again."""
        if f"store_{fault}" not in self.target.hooks:
            raise SkippedError(f"the target has no store fault {fault!r}")
        self.application.hook(f"store_{fault}")
        self.fault = "" if fault == "ok" else fault

    def move_clock(self, seconds: float) -> None:
        """Put the application's clock that far from the right time."""
        self.application.hook("clock", offset=seconds)

    def lifetime(self, name: str) -> int:
        """Return how long the target says that something lives."""
        if name not in self.target.lifetimes:
            raise SkippedError(f"the target does not say its {name} lifetime")
        return self.target.lifetimes[name]


def _heard(message: Message, answer: Answer) -> str:
    sent = message.data[:1500].decode("utf-8", "backslashreplace").replace("\r\n", "\n    > ")
    headers = "".join(f"\n    < {name}: {value}" for name, value in answer.headers)
    return f"    > {sent}\n    < {answer.status}{headers}\n    < {answer.text[:600]}"
