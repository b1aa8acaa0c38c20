"""Ada, who gets into her account by whatever is in it, and a process that dies of the write it is told to die of."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from guardhouse import MemoryUsers, User
from guardhouse.state.enrolment import Kind
from guardhouse.stores.memory import MemoryStore
from guardhouse.stores.memory_attempts import MemoryAttempts
from guardhouse.stores.memory_enrolments import MemoryEnrolments
from guardhouse.stores.memory_epochs import MemoryEpochs
from guardhouse.stores.memory_tokens import MemoryTokens
from tests.authenticator import Authenticator
from tests.houses import ADA, PASSWORD
from tests.ways.crash import CrashError
from tests.ways.elsewhere import Elsewhere
from tests.ways.houses import NEW_PASSWORD, World
from tests.ways.phones import Phone

WRITES: dict[type, tuple[str, ...]] = {
    MemoryStore: ("create", "save", "move", "delete", "revoke", "end", "once"),
    MemoryEnrolments: ("enrol", "change", "withdraw", "withdraw_all"),
    MemoryEpochs: ("advance",),
    MemoryTokens: ("add_token", "touch_token", "revoke_token", "revoke_tokens"),
    MemoryAttempts: ("attempt", "forget_attempts"),
    MemoryUsers: ("register", "rehash", "set_password", "verify", "set_address"),
}
"""Everything that a process writes elsewhere than into its own memory, by the methods of the protocols."""


class Process:
    """What writes, and may die of it: from its death on it writes nothing, whatever still runs."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.left: int | None = None
        for place, names in WRITES.items():
            for name in names:
                patch.setattr(place, name, self._counting(getattr(place, name)))

    def _counting(self, write: Callable[..., Any]) -> Callable[..., Any]:
        async def counting(*given: Any, **more: Any) -> Any:
            if self.left == 0:
                raise CrashError
            if self.left is not None:
                self.left -= 1
            return await write(*given, **more)

        return counting

    def dies(self, after: int, act: Callable[[], Any]) -> bool:
        """Act, with so many writes left; whether it died of that. A new process takes its place."""
        self.left = after
        try:
            act()
        except CrashError:
            return True
        finally:
            self.left = None
        return False


class Life:
    """Ada, with whatever she has to prove herself by at the moment, which only she knows; and her house."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.phones: list[Phone] = []
        self.codes: list[str] = []
        self.devices: list[Authenticator] = []
        self.round = 0
        self._passed = 0

    @property
    def now(self) -> float:
        return self.world.house.parts.clock()

    def later(self, seconds: int = 3600) -> None:
        """Let time go by: after an hour nobody has tried too often, after a minute no code is a used one."""
        self._passed += seconds
        if isinstance(self.world, Elsewhere):
            self.world.later(self._passed)
        else:
            self.world.clock.now += seconds

    @property
    def ada(self) -> User:
        found = self.world.portal.call(self.world.users.by_id, ADA.id)
        assert found is not None
        return found

    def password(self) -> str:
        """The one password that she has."""
        good = [
            one
            for one in (PASSWORD, NEW_PASSWORD)
            if self.world.house.parts.passwords.hasher.verify(one, self.ada.password_hash or "").ok
        ]
        assert len(good) == 1, "one password, the former or the new"
        return good[0]

    def right(self) -> dict[str, Any]:
        return {"email": self.ada.email, "password": self.password()}

    def has(self, kind: Kind) -> bool:
        store: Any = self.world.house.parts.store
        return bool(self.world.portal.call(store.enrolments.enrolled, f"users:{ADA.id}", kind))

    def half_way(self, **more: object) -> tuple[TestClient, dict[str, Any]]:
        """Give the password; return what comes next."""
        client = self.world.visitor()
        answer = client.post("/login", json=self.right() | more)
        assert answer.status_code == 200, answer.text
        return client, answer.json()

    def inside(self, **more: object) -> TestClient:
        """Get in, by the password and by whatever is asked for beyond: she always can."""
        client, following = self.half_way(**more)
        if following.get("next") == "two-factor-required":
            self.phones.append(Phone(client.post("/two-factor-required", json={}).json()["uri"]))
            told = client.post("/two-factor-required", json={"code": self.phones[-1].code(self.now)})
            self.codes = told.json()["recovery_codes"]
        elif following.get("next") == "two-factor":
            assert self._by_phone(client) or self._by_passkey(client), "she has what she is asked for"
        assert client.get("/me").json() == {"email": self.ada.email}
        return client

    def _by_phone(self, client: TestClient) -> bool:
        self.later(60)
        return any(
            client.post("/two-factor", json={"code": phone.code(self.now)}).status_code == 200
            for phone in reversed(self.phones)
        )

    def _by_passkey(self, client: TestClient) -> bool:
        return any(
            self.proof(client, device, "second")().status_code == 200 for device in reversed(self.devices)
        )

    def proof(self, client: TestClient, device: Authenticator, purpose: str = "login") -> Callable[[], Any]:
        """Ask for a challenge; return what answers it."""
        options = client.post("/passkey-options", json={"purpose": purpose}).json()["options"]
        credential = device.prove(unpadded(options["challenge"]))
        return lambda: client.post("/passkey", json={"credential": credential})

    # -- what a way begins with ---------------------------------------------------------------------------------------

    def with_app(self) -> None:
        """Have an app, and codes that she knows."""
        client = self.inside()
        if not self.has(Kind.TOTP):
            self.phones.append(Phone(client.post("/two-factor-setup").json()["uri"]))
            code = {"code": self.phones[-1].code(self.now)}
            self.codes = client.post("/two-factor-confirm", json=code).json()["recovery_codes"]
        else:
            self.codes = client.post("/recovery-codes").json()["recovery_codes"]
        self.later(60)

    def new_device(self, client: TestClient, way: str = "register") -> Callable[[], Any]:
        """Take another device; return what adds its passkey, or makes the one that must be there."""
        device = Authenticator(id=f"passkey {len(self.devices)}".encode())
        options = client.post(f"/passkey-{way}-options").json()["options"]
        device.handle = unpadded(options["user"]["id"])
        self.devices.append(device)
        made = {"credential": device.make(unpadded(options["challenge"])), "label": "a key"}
        return lambda: client.post(f"/passkey-{way}", json=made)

    def with_device(self) -> tuple[TestClient, Authenticator]:
        """Have one passkey more, and be inside."""
        client = self.inside()
        assert self.new_device(client)().status_code == 200
        return client, self.devices[-1]


def unpadded(text: str) -> bytes:
    """Read what browsers write, base64 without its padding."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
