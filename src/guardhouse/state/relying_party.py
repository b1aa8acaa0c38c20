"""Who asks for passkeys: the name that they are bound to, and the origins from which they may be used.

The id is a host name, and every passkey dies with it: another id later, and no authenticator finds them again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from guardhouse.errors import ConfigError

__all__ = ["RelyingParty", "can_have_passkeys"]

_LOCAL = "localhost"


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """This application, as authenticators know it.

    `origins` are compared exactly (WebAuthn 13.4.9). `insecure_unverified_user` lets in who only touched a key: somebody
    who holds it, and perhaps nobody who owns it. As a second factor after a password that may do.
    """

    id: str
    name: str
    origins: frozenset[str]
    insecure_unverified_user: bool = False

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ConfigError(
                "passkeys.name", self.name, "Write the name of your application: browsers show it."
            )
        if not self.origins:
            raise ConfigError(
                "public_url", None, "Passkeys are bound to a host name: say what browsers call this house."
            )
        for origin in self.origins:
            _refuse_origin(origin, self.id)

    @classmethod
    def of(cls, public_urls: Iterable[str], name: str, *, rp_id: str | None = None) -> RelyingParty:
        """Make one of the house's public URLs. The id is the host that they share, unless a parent domain is given."""
        origins = frozenset(url.rstrip("/") for url in public_urls)
        hosts = sorted({_host(origin) for origin in origins}, key=len)
        return cls(rp_id if rp_id is not None else next(iter(hosts), ""), name, origins)


def can_have_passkeys(origin: str, rp_id: str | None = None) -> bool:
    """Whether browsers make passkeys at this origin, bound to that id where one is given.

    They make none for an IP address, and over http on localhost only.
    """
    host = _host(origin)
    able = not _is_address(host) and (urlsplit(origin).scheme == "https" or _is_local(host))
    return able and (rp_id is None or _is_under(host, rp_id))


def _refuse_origin(origin: str, rp_id: str) -> None:
    """Refuse what browsers will refuse, before the first user meets it (WebAuthn 5.1.3, steps 5 to 9)."""
    host, scheme = _host(origin), urlsplit(origin).scheme
    if _is_address(host):
        fix = "Browsers make no passkeys for an IP address. In development call it http://localhost."
        raise ConfigError("public_url", origin, fix)
    if scheme != "https" and not _is_local(host):
        raise ConfigError("public_url", origin, "Browsers make passkeys over https only, and on localhost.")
    if not _is_under(host, rp_id):
        fix = (
            "Every origin must be the host of the id or lie under it; give the domain that all of them share."
        )
        raise ConfigError("passkeys.rp_id", rp_id, fix)
    if "." not in rp_id and rp_id != _LOCAL:
        raise ConfigError(
            "passkeys.rp_id", rp_id, "Browsers bind passkeys to a domain with a dot, or to localhost."
        )


def _host(origin: str) -> str:
    return urlsplit(origin).hostname or ""


def _is_under(host: str, rp_id: str) -> bool:
    return host == rp_id or host.endswith(f".{rp_id}")


def _is_local(host: str) -> bool:
    return host == _LOCAL or host.endswith(f".{_LOCAL}")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
