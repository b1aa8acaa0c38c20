"""What `guardhouse demo` was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """One demo. `store` is a house's store URL; `controls` the token of the test hooks, without which there are none."""

    host: str = "127.0.0.1"
    port: int = 8000
    store: str = "memory:"
    users: int = 0
    trusted_origins: tuple[str, ...] = ()
    tls: bool = False
    controls: str | None = None

    @property
    def file(self) -> Path | None:
        """The SQLite file, where there is one."""
        scheme, _, rest = self.store.partition(":///")
        path = rest.partition("?")[0]
        return Path(path) if scheme == "sqlite" and path else None

    @property
    def loopback(self) -> bool:
        """Whether only this machine can call."""
        return self.host in ("127.0.0.1", "localhost")

    @property
    def addresses(self) -> tuple[str, ...]:
        """What browsers call this demo, as far as it can know: both names of a loopback, nothing otherwise."""
        if not self.loopback:
            return ()
        scheme, default = ("https", 443) if self.tls else ("http", 80)
        port = "" if self.port == default else f":{self.port}"
        return tuple(f"{scheme}://{name}{port}" for name in ("127.0.0.1", "localhost"))
