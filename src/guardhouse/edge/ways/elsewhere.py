"""The foreign login servers of a set of ways: made ready at start, and refused there where no login by them could work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from guardhouse.desks.kit import Foreign, Kit
from guardhouse.errors import ConfigError
from guardhouse.flows.foreign import ForeignPolicy
from guardhouse.house import Guardhouse
from guardhouse.issuers.foreign import ForeignLogin
from guardhouse.issuers.providers import ForeignProvider, OpenIdProvider, label_of, secure
from guardhouse.issuers.wire import Wire
from guardhouse.state.store import KeepsEnrolments, SingleUse

__all__ = ["CALLBACK", "at_work", "buttons", "refuse_callback"]

CALLBACK = "foreign-callback"
_WITH_PROVIDER = ("foreign-login", CALLBACK, "foreign-link")


def at_work(
    house: Guardhouse[Any],
    foreign: Sequence[ForeignProvider | ForeignLogin],
    policy: ForeignPolicy | None,
    *,
    login_is_address: bool,
) -> Mapping[str, Foreign]:
    """Make them ready. Raise `ConfigError` for what would fail each time somebody comes back."""
    if not foreign:
        return {}
    policy = policy or ForeignPolicy()
    _refuse_house(house, policy, login_is_address=login_is_address)
    wire, ready = Wire(), dict[str, Foreign]()
    for one in foreign:
        login = (
            one if isinstance(one, ForeignLogin) else ForeignLogin(one, wire=wire, clock=house.parts.clock)
        )
        name = login.provider.name
        if name in ready:
            raise ConfigError("foreign", name, "Two of one name; its name stands in its addresses.")
        ready[name] = Foreign(login, _trusting(policy, login.provider))
    return ready


def buttons(kit: Kit, paths: Mapping[str, str]) -> Sequence[Mapping[str, str]]:
    """List for the pages how each is called, and where its forms go."""
    return [
        {
            "name": name,
            "label": label_of(one.login.provider),
            "login": paths.get("foreign-login", "").replace("{provider}", name),
            "link": paths.get("foreign-link", "").replace("{provider}", name),
        }
        for name, one in kit.foreign.items()
    ]


def refuse_callback(kit: Kit, paths: Mapping[str, str], base: str) -> None:
    """Raise `ConfigError` where a login could not come back. Every login server has a redirect address of its own (RFC 9700 4.4)."""
    for way in _WITH_PROVIDER:
        if kit.foreign and "{provider}" not in paths.get(way, "{provider}"):
            fix = "Each login server has an address of its own there: write {provider} into the path."
            raise ConfigError(f"ways.paths {way}", paths[way], fix)
    if kit.foreign and CALLBACK not in paths:
        fix = f"Nobody would come back from elsewhere: leave out `foreign`, not {CALLBACK}."
        raise ConfigError("ways.without", CALLBACK, fix)
    for name in kit.foreign:
        url = base + paths[CALLBACK].replace("{provider}", name)
        if not secure(url):
            fix = "A login server sends people back to https, or to http on this machine: set public_url to that."
            raise ConfigError("public_url", url, fix)


def _trusting(policy: ForeignPolicy, provider: ForeignProvider) -> ForeignPolicy:
    """Take from the login server's settings what it is trusted with, and nothing from those of another."""
    factors = provider.trusted_factors if isinstance(provider, OpenIdProvider) else frozenset[str]()
    return replace(policy, trusted_domains=provider.trusted_domains, trusted_factors=factors)


def _refuse_house(house: Guardhouse[Any], policy: ForeignPolicy, *, login_is_address: bool) -> None:
    beside, same_site = house.parts.beside, house.parts.cookie.same_site
    if not isinstance(beside, KeepsEnrolments) or not isinstance(beside, SingleUse):
        fix = "Logins elsewhere are kept in a store that keeps enrolments, and knows what was used before."
        raise ConfigError("foreign", type(beside).__name__, fix)
    if same_site == "Strict":
        fix = "Who comes back from another site brings no Strict cookie, so no login would be known: use Lax."
        raise ConfigError("same_site", same_site, fix)
    if policy.register and not policy.needs_address:
        fix = "An account is named by its address here: leave needs_address as it is, or set register=False."
        raise ConfigError("foreign_policy.needs_address", False, fix)  # noqa: FBT003 - the value that is wrong
    if policy.register and not login_is_address:
        fix = "No login server says by which name somebody logs in here: ForeignPolicy(register=False)."
        raise ConfigError("foreign_policy.register", True, fix)  # noqa: FBT003 - as above
