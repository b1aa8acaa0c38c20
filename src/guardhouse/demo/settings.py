"""What `guardhouse demo` was asked for, and the token it makes up."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from guardhouse.demo.token import Printed, new_token


@dataclass(frozen=True, slots=True)
class Settings:
    """One demo. `store` is a house's store URL; `controls` the token of the test hooks, without which there are none.

    `api_token` is Ada's, for programs: another one at every start, printed to whoever started the demo. `partner_keys`
    is the address of another issuer's keys, whose tokens are believed too; `foreign_issuers` are login servers of others, at
    which people may log in.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    store: str = "memory:"
    users: int = 0
    trusted_origins: tuple[str, ...] = ()
    tls: bool = False
    controls: str | None = field(default=None, repr=False)
    api_token: Printed = field(default_factory=new_token, repr=False)
    partner_keys: str | None = None
    foreign_issuers: tuple[str, ...] = ()

    @property
    def file(self) -> Path | None:
        """The SQLite file, where there is one."""
        scheme, _, rest = self.store.removeprefix("sealed:").partition(":///")
        path = rest.partition("?")[0]
        return Path(path) if scheme == "sqlite" and path else None

    @property
    def loopback(self) -> bool:
        """Whether only this machine can call."""
        return self.host in ("127.0.0.1", "localhost")

    @property
    def address(self) -> str:
        """Where it listens, as a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"

    @property
    def addresses(self) -> tuple[str, ...]:
        """What browsers call this demo, as far as it can know: both names of a loopback, nothing otherwise."""
        if not self.loopback:
            return ()
        scheme, default = ("https", 443) if self.tls else ("http", 80)
        port = "" if self.port == default else f":{self.port}"
        return tuple(f"{scheme}://{name}{port}" for name in ("127.0.0.1", "localhost"))
