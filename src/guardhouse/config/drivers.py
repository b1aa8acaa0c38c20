"""The sections `guards` and `providers` of a configuration: drivers by name, joined with the objects that are handed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from guardhouse.config import settings
from guardhouse.config.reading import Section, nearest_of, present, shown
from guardhouse.core.guard import Guard
from guardhouse.core.provider import Provider
from guardhouse.errors import ConfigError
from guardhouse.guards.basic import BasicGuard
from guardhouse.guards.function import FunctionGuard
from guardhouse.guards.jwt import JWTGuard
from guardhouse.guards.legacy_token import LegacyTokenGuard
from guardhouse.guards.session import SessionGuard
from guardhouse.guards.token import TokenGuard
from guardhouse.issuers.jwks import JWKS
from guardhouse.state.token import TokenPolicy

_DRIVERS = ("session", "token", "sanctum", "jwt", "basic", "function")
_UNBUILT_DRIVERS: Mapping[str, str] = {"passport": "This version has no OAuth2 server"}
_LEGACY = ("storage_key", "input_key", "hash", "insecure_query")
"""Keys of a `token` driver that stands for one token in a column of the users' table, as in the thread's own version."""
_PROVIDER_DRIVERS = ("memory", "sqlalchemy", "eloquent", "database")


def read_users(
    root: Section, given: Provider[Any] | Mapping[str, Provider[Any]] | None
) -> dict[str, Provider[Any]]:
    """Join the providers that are named with the objects that are handed in."""
    sections = root.section("providers").sections()
    for section in sections.values():
        _check_provider(section)
    if given is not None and not isinstance(given, Mapping):
        given = {_only_name(root, tuple(sections)): given}
    users = dict(given or {})
    for name, section in sections.items():
        if name not in users:
            fix = (
                f'Hand in the object that finds these users: from_config(..., users={{"{name}": provider}}).'
            )
            raise ConfigError(
                section.key, shown(section.values.get("driver")), fix, nearest=nearest_of(name, users)
            )
    if not users:
        raise ConfigError("users", None, 'A house needs users: from_config(..., users={"users": provider}).')
    return users


def _check_provider(section: Section) -> None:
    section.only("driver", "model", "table")
    if section.choice("driver", _PROVIDER_DRIVERS) is None:
        raise ConfigError(section.at("driver"), None, f"It is one of: {', '.join(_PROVIDER_DRIVERS)}.")
    for name in ("model", "table"):
        section.text(name)


def _only_name(root: Section, named: tuple[str, ...]) -> str:
    """Find the name of the one provider that came without a name."""
    asked = [guard.text("provider") for guard in root.section("guards").sections().values()]
    names = list(named or dict.fromkeys(name for name in asked if name is not None)) or ["users"]
    if len(names) > 1:
        several = ", ".join(f'"{name}": ...' for name in names)
        fix = f"There are several: users={{{several}}}."
        raise ConfigError("users", "one provider without a name", fix)
    return names[0]


def read_guards(
    root: Section, parts: Mapping[str, Any], users: Mapping[str, Provider[Any]]
) -> dict[str, Guard]:
    """Make the guards of the configuration; one that is handed in under the same name takes its place."""
    given: dict[str, Guard] = dict(parts.get("guards") or {})
    functions = dict(parts.get("functions") or {})
    guards: dict[str, Guard] = {}
    for name, section in root.section("guards").sections().items():
        guards[name] = (
            _placed(section, given[name], users) if name in given else _guard(section, functions, users)
        )
    for name in functions:
        if name not in guards or name in given:
            nearest = nearest_of(name, guards)
            raise ConfigError(
                f"functions.{name}", name, "No guard of driver 'function' has that name.", nearest=nearest
            )
    return (guards | given) or {"web": SessionGuard()}


def _placed(section: Section, guard: Guard, users: Mapping[str, Provider[Any]]) -> Guard:
    """Give a guard that is handed in the provider that the configuration names for it."""
    section.only("driver", "provider", "header", "scheme", "realm", "issuer", "audience", "prefix", "login")
    provider = _provider(section, users)
    return guard if guard.provider or not provider else guard.named(section.key.partition(".")[2], provider)


def _guard(
    section: Section, functions: Mapping[str, Callable[[str], Any]], users: Mapping[str, Provider[Any]]
) -> Guard:
    driver = _driver(section)
    if driver in _BUILT:
        return _BUILT[driver](section, users)
    section.only("driver", "provider", "header", "scheme")
    name = section.key.partition(".")[2]
    if name not in functions:
        fix = f'Hand in what looks a credential up: from_config(..., functions={{"{name}": function}}).'
        raise ConfigError(section.key, driver, fix, nearest=nearest_of(name, functions))
    header, scheme = section.text("header"), section.text("scheme")
    if header is None and scheme is None:
        fix = "Name the header that holds the credential, such as X-Api-Key, or scheme = 'Bearer'."
        raise ConfigError(section.at("header"), None, fix)
    return FunctionGuard(functions[name], header or "", scheme, _provider(section, users))


def _session(section: Section, users: Mapping[str, Provider[Any]]) -> Guard:
    section.only("driver", "provider", "realm")
    return SessionGuard(provider=_provider(section, users), realm=section.text("realm"))


def _token(section: Section, users: Mapping[str, Provider[Any]]) -> Guard:
    """Read personal access tokens; or one token in a column, where the keys of that are there."""
    if any(name in section.values for name in _LEGACY):
        return _legacy(section, users)
    section.only("driver", "provider", "prefix", "lifetime", *_LEGACY)
    read = present({"prefix": section.text("prefix"), "lifetime": section.duration("lifetime")})
    return TokenGuard(_provider(section, users), TokenPolicy(**read))


def _legacy(section: Section, users: Mapping[str, Provider[Any]]) -> Guard:
    section.only("driver", "provider", *_LEGACY)
    key, insecure = section.text("input_key") or "api_token", section.flag("insecure_query")
    if "input_key" in section.values and not insecure:
        fix = "It is a parameter of the query, and URLs are logged: send the token as Bearer and take the key out, or write insecure_query = true."
        raise ConfigError(section.at("input_key"), key, fix)
    return LegacyTokenGuard(
        field=section.text("storage_key") or "api_token",
        hashed=section.flag("hash") is not False,
        insecure_query=key if insecure else None,
        provider=_provider(section, users),
    )


def _basic(section: Section, users: Mapping[str, Provider[Any]]) -> Guard:
    section.only("driver", "provider", "login")
    return BasicGuard(_provider(section, users), section.text("login") or "email")


def _jwt(section: Section, users: Mapping[str, Provider[Any]]) -> Guard:
    """Read a guard for tokens of an issuer whose keys are published; keys of your own are handed in as a guard."""
    section.only("driver", "provider", "issuer", "audience", "jwks_url", "algorithms", "subject")
    name = section.key.partition(".")[2]
    url, issuer = section.text("jwks_url"), section.text("issuer")
    audience = (
        section.texts("audience")
        if isinstance(section.values.get("audience"), list)
        else section.text("audience")
    )
    if url is None or issuer is None or audience is None or section.text("subject") != "user_id":
        fix = (
            "Write issuer, audience, jwks_url, and subject = 'user_id' if `sub` is the id of a user of yours; "
            f'for keys or look-ups of your own hand the guard in: from_config(..., guards={{"{name}": JWTGuard(...)}}).'
        )
        raise ConfigError(section.key, "jwt", fix)
    keys = JWKS(url, algorithms=section.texts("algorithms") or ("RS256", "ES256", "EdDSA"))
    audiences = (audience,) if isinstance(audience, str) else tuple(audience)
    return JWTGuard(keys, issuer, audiences, provider=_provider(section, users))


_BUILT: Mapping[str, Callable[[Section, Mapping[str, Provider[Any]]], Guard]] = {
    "session": _session,
    "token": _token,
    "sanctum": _token,
    "basic": _basic,
    "jwt": _jwt,
}


def _driver(section: Section) -> str:
    found = section.text("driver")
    if found is not None and found in _UNBUILT_DRIVERS:
        fix = "Use 'token' for personal access tokens, or 'jwt' for those of a login server."
        raise ConfigError(section.at("driver"), found, f"{_UNBUILT_DRIVERS[found]}. {fix}")
    if found is None:
        fix = f"It is one of: {', '.join(_DRIVERS)}."
        nearest = next((name for name in section.values if nearest_of(name, ["driver"])), None)
        raise ConfigError(section.at("driver"), nearest, fix, nearest="driver" if nearest else None)
    return section.choice("driver", _DRIVERS) or found


def _provider(section: Section, users: Mapping[str, Provider[Any]]) -> str | None:
    name = section.text("provider")
    if name is not None and name not in users:
        raise settings.unknown(section.at("provider"), name, users)
    return name


def read_default(root: Section, guards: Mapping[str, Guard]) -> str:
    """Find the default guard: the one of `defaults`, else the first."""
    section = root.section("defaults").only("guard")
    name = section.text("guard")
    if name is not None and name not in guards:
        raise settings.unknown("defaults.guard", name, guards)
    return name or next(iter(guards))
