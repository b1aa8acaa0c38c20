"""Settings read and checked, each with an error that names the key, what was found, and the fix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any
from urllib.parse import SplitResult, urlsplit

from guardhouse.core.answer import EXPLAIN, Explain
from guardhouse.core.area import Area
from guardhouse.core.facts import DEFAULT_PORTS
from guardhouse.core.guard import Guard
from guardhouse.core.intended import local_path
from guardhouse.core.nearest import is_loopback
from guardhouse.core.origin import well_formed
from guardhouse.core.provider import Provider
from guardhouse.core.proxy import Network, networks
from guardhouse.errors import ConfigError
from guardhouse.gate.parts import Parts
from guardhouse.guards.legacy_token import LegacyTokenGuard
from guardhouse.guards.session import SessionGuard
from guardhouse.guards.token import TokenGuard
from guardhouse.state.cookie import CookiePolicy
from guardhouse.state.keeper import Storeless
from guardhouse.state.store import SessionStore

_GUARD = ("needs", "provider", "named", "claim", "fetch", "judge")
_PROVIDER = ("by_id", "by_credentials", "id_of", "password_of", "rehash")
_PROVIDER_FIX = (
    "Give a provider: MemoryUsers([...]), SQLUsers(...) or your own; a list of users goes into MemoryUsers."
)
_STORE = ("load", "create", "save", "move", "delete")


def unknown(what: str, name: str, known: Sequence[str] | Mapping[str, object]) -> ConfigError:
    """Word the error for a name that is not there."""
    names = sorted(known)
    nearest = get_close_matches(name, names, n=1)
    return ConfigError(
        what, name, f"The names are: {', '.join(names)}.", nearest=nearest[0] if nearest else None
    )


def named_guards(guards: Mapping[str, Guard], providers: Mapping[str, Provider[Any]]) -> dict[str, Guard]:
    """Give each guard its name and its provider; a guard without a provider takes the only one there is."""
    named: dict[str, Guard] = {}
    for name, guard in guards.items():
        _refuse_bad_name("guards", name)
        _refuse_other(
            f"guards.{name}", guard, _GUARD, "Give a guard: SessionGuard(), FunctionGuard(...) or your own."
        )
        named[name] = guard.named(name, _provider_of(name, guard, providers))
    _refuse_mixed_realms(named)
    return named


def checked_users(users: Provider[Any] | Mapping[str, Provider[Any]]) -> dict[str, Provider[Any]]:
    """Read the providers: a single one is called `users`."""
    providers = dict(users) if isinstance(users, Mapping) else {"users": users}
    if not providers:
        raise ConfigError(
            "users", providers, "A house needs at least one provider, such as MemoryUsers([...])."
        )
    for name, provider in providers.items():
        _refuse_bad_name("users", name)
        _refuse_other("users" if len(providers) == 1 else f"users.{name}", provider, _PROVIDER, _PROVIDER_FIX)
    return providers


def checked_store(store: SessionStore | Storeless) -> SessionStore | Storeless:
    """Refuse what is no store before the first login finds out."""
    if isinstance(store, Storeless):
        _refuse_other("store", store, ("keeper",), "")
        return store
    _refuse_other(
        "store", store, _STORE, "Use 'memory:', 'sqlite:///file.db', or an object with these verbs."
    )
    return store


def _refuse_bad_name(key: str, name: object) -> None:
    if not isinstance(name, str) or not name or "," in name or ":" in name:
        raise ConfigError(key, name, "A name is a text that has no comma and no colon.")


def _refuse_other(key: str, found: object, members: Sequence[str], fix: str) -> None:
    """Refuse an object that lacks a verb, and a class where an instance is meant."""
    missing = [member for member in members if not hasattr(found, member)]
    if isinstance(found, type) and not missing:
        raise ConfigError(key, found.__name__, f"That is the class; make one: {found.__name__}(...).")
    if missing:
        raise ConfigError(key, type(found).__name__, f"It has no {', '.join(missing)}. {fix}")


def _refuse_mixed_realms(guards: Mapping[str, Guard]) -> None:
    """One realm over two providers would let a user of one in as a user of the other."""
    seen: dict[str, tuple[str, str | None]] = {}
    for name, guard in guards.items():
        realm = getattr(guard, "realm", None)
        if realm is None:
            continue
        first, provider = seen.setdefault(realm, (name, guard.provider))
        if provider != guard.provider:
            fix = f"Guard {first} keeps its logins there, over provider {provider}: give this one another realm."
            raise ConfigError(f"guards.{name}.realm", realm, fix)


def _provider_of(name: str, guard: Guard, providers: Mapping[str, Provider[Any]]) -> str:
    wanted = guard.provider
    if wanted is None and len(providers) == 1:
        return next(iter(providers))
    if wanted is None:
        raise ConfigError(
            f"guards.{name}.provider", None, f"There are several: name one of {', '.join(providers)}."
        )
    if wanted not in providers:
        raise unknown(f"guards.{name}.provider", wanted, providers)
    return wanted


def checked_areas(areas: Mapping[str, Area], guards: Mapping[str, Guard]) -> dict[str, Area]:
    """Refuse areas that name guards which are not there, or that hide a guard of the same name."""
    for name, area in areas.items():
        _refuse_bad_name("areas", name)
        _refuse_other(f"areas.{name}", area, ("guards", "answers", "steps"), "Write Area(guards=(...,)).")
        for guard in area.guards:
            if guard not in guards:
                raise unknown(f"areas.{name}.guards", guard, guards)
        if name in guards and name not in area.guards:
            fix = (
                f"A guard has the same name, and is not asked here: name the area otherwise, or add {name!r}."
            )
            raise ConfigError(f"areas.{name}", area.guards, fix)
    return dict(areas)


def checked_guards(
    guards: Mapping[str, Guard] | None, parts: Parts, default: str | None
) -> tuple[dict[str, Guard], str]:
    """Name the guards, a session guard `web` where there are none, and choose the default one."""
    named = named_guards(guards or {"web": SessionGuard()}, parts.providers)
    for name, guard in named.items():
        if isinstance(guard, LegacyTokenGuard):
            guard.fitting(parts.providers[guard.provider or ""])
        if isinstance(guard, TokenGuard) and parts.tokens is None:
            fix = f"It keeps no tokens, which guard {name} needs; memory: and sqlite: do, alone or behind sealed:."
            raise ConfigError("store", type(parts.beside).__name__, fix)
    _refuse_one_prefix(guard for guard in named.values() if isinstance(guard, TokenGuard))
    return named, checked_default(default, named)


def _refuse_one_prefix(guards: Iterable[TokenGuard]) -> None:
    """Refuse tokens of two kinds of users that begin alike: the guard asked first would refuse those of the other."""
    seen: dict[str, TokenGuard] = {}
    for guard in guards:
        first = seen.setdefault(guard.policy.prefix, guard)
        if first.provider != guard.provider:
            fix = f"Guard {first.name} issues tokens to other users that begin alike; give each its own: TokenPolicy(prefix=...)."
            raise ConfigError(f"guards.{guard.name}.policy.prefix", guard.policy.prefix, fix)


def checked_default(default: str | None, guards: Mapping[str, Guard]) -> str:
    """Choose the default guard: the first one, unless another is named."""
    if default is None:
        return next(iter(guards))
    if default not in guards:
        raise unknown("default", default, guards)
    return default


def checked_urls(login_url: str | None, home_url: str) -> tuple[str | None, str]:
    """Refuse what a browser would read as relative to the page that was refused: where to log in, and where to go then."""
    if not local_path(home_url):
        raise ConfigError("home_url", home_url, "Write a path that begins with one slash, such as '/'.")
    if login_url is None or local_path(login_url) or login_url.startswith(("https://", "http://")):
        return login_url, home_url
    raise ConfigError(
        "login_url", login_url, "Write a path that begins with one slash, such as '/login', or a URL."
    )


def checked_choice(key: str, found: str, choices: Sequence[str]) -> str:
    """Refuse a word that is not one of the choices."""
    if found not in choices:
        nearest = get_close_matches(str(found), choices, n=1)
        fix = f"It is one of: {', '.join(choices)}."
        raise ConfigError(key, found, fix, nearest=nearest[0] if nearest else None)
    return found


def trusted_networks(cidrs: Sequence[str]) -> tuple[Network, ...]:
    """Read the networks of declared proxies."""
    if isinstance(cidrs, str):
        raise ConfigError("trusted_proxies", cidrs, "Write a list, even of one.")
    return networks(cidrs)


def checked_explain(explain: Explain, *, debug: bool) -> Explain:
    """Refuse to explain everything to strangers."""
    if explain not in EXPLAIN:
        raise ConfigError("explain", explain, f"It is one of {', '.join(EXPLAIN)}.")
    if explain == "full" and not debug:
        fix = "It shows visitors how the house is built: use it with debug=True on a developer's machine, else 'code'."
        raise ConfigError("explain", explain, fix)
    return explain


def own_origins(public_url: str | Sequence[str] | None) -> frozenset[bytes]:
    """Read the application's own origins from its public URLs."""
    urls = [public_url] if isinstance(public_url, str) else list(public_url or ())
    return frozenset(_origin("public_url", url) for url in urls)


def trusted_origins(origins: Sequence[str]) -> frozenset[bytes]:
    """Read the origins of other front ends that may send ambient requests."""
    if isinstance(origins, str):
        raise ConfigError("trusted_origins", origins, "Write a list, even of one.")
    return frozenset(_origin("trusted_origins", origin) for origin in origins)


def _origin(key: str, url: object) -> bytes:
    """Read one origin of the configuration: scheme, host and port, exactly as a browser writes it."""
    parts = _split(url)
    if parts is None or parts.scheme not in ("http", "https") or not parts.netloc:
        raise ConfigError(
            key, url, "Write scheme and host, such as 'https://app.example.com'; no '*', no 'null'."
        )
    origin = f"{parts.scheme}://{parts.netloc}"
    if url not in (origin, f"{origin}/") or not well_formed(origin.encode()):
        raise ConfigError(
            key, url, "Browsers write an origin in lower case and without a path.", nearest=origin.lower()
        )
    if parts.port is not None and parts.port == DEFAULT_PORTS[parts.scheme]:
        nearest = origin.rpartition(":")[0]
        raise ConfigError(
            key, url, "Browsers leave the default port out, so this would never match.", nearest=nearest
        )
    return origin.encode("ascii")


def _split(url: object) -> SplitResult | None:
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
        port = parts.port if parts else None
    except ValueError:  # no address between the brackets, or no number behind the colon
        return None
    return None if port == 0 else parts


def allowed_cookie(policy: CookiePolicy, own: frozenset[bytes], *, debug: bool) -> CookiePolicy:
    """Refuse plain cookies anywhere but on a developer's own machine."""
    if policy.insecure_plain_http and not (debug and own and all(map(_loopback, own))):
        fix = "Only with debug=True and a public_url on loopback, such as 'http://localhost:8000'."
        raise ConfigError("cookie.insecure_plain_http", _shown(own), fix)
    return policy


def _shown(origins: frozenset[bytes]) -> list[str]:
    return sorted(origin.decode() for origin in origins)


def _loopback(origin: bytes) -> bool:
    return is_loopback(urlsplit(origin.decode()).hostname or "")
