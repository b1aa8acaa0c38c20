"""A configuration, written as in the thread or in TOML, read into the settings of a house. What is not understood is an error."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, cast

from guardhouse.config import settings
from guardhouse.config.drivers import read_default, read_guards, read_users
from guardhouse.config.middleware import AUTH, DERIVED, Groups, Line, StepPart
from guardhouse.config.reading import Section, are_texts, is_table, nearest_of, present
from guardhouse.core.answer import EXPLAIN
from guardhouse.core.area import ANSWERS, UNDECLARED, Answers, Area
from guardhouse.core.guard import Guard
from guardhouse.errors import ConfigError
from guardhouse.state.cookie import CookiePolicy
from guardhouse.state.policy import SessionPolicy

Source: TypeAlias = Mapping[str, Any] | str | os.PathLike[str]

_TEXTS = ("store", "login_url", "home_url", "csrf_url")
_LISTS = ("trusted_origins", "trusted_proxies")
_KEYS = (
    *("defaults", "guards", "providers", "middleware", "areas", "secret", "secret_file", "public_url"),
    *(*_TEXTS, *_LISTS, "explain", "undeclared", "debug", "sessions", "cookie"),
)
_OBJECTS = ("users", "guards", "areas", "steps", "functions", "default")
"""Parts that go together with what the configuration says, name by name; every other part takes its place."""

_PARTS = (
    *(*_OBJECTS, "secret", "store", "public_url", *_LISTS, "sessions", "cookie", "passwords"),
    *("login_url", "home_url", "csrf_url", "explain", "undeclared", "debug", "clock"),
)

_DURATIONS = ("idle", "absolute", "remembered_idle", "remembered_absolute", "touch")
_COOKIE_FLAGS = ("shared_with_subdomains", "partitioned", "insecure_plain_http")

_CALLED = {"secret_file": "secret", "providers": "users", "middleware": "areas"}
"""What a key of the configuration is called among the settings of a house."""

_SECRET_FIX = (
    "Write one key as a text, or a list of keys of which the first signs. Make one with `guardhouse secret`."  # noqa: S105 - no secret
)


def house_settings(source: Source, parts: Mapping[str, Any]) -> dict[str, Any]:
    """Read a mapping or a TOML file into the arguments of a house; `parts` go before what it says."""
    for name in parts:
        if name not in _PARTS:
            fix = f"The parts are: {', '.join(_PARTS)}."
            raise ConfigError(f"from_config({name}=...)", name, fix, nearest=nearest_of(name, _PARTS))
    root, folder = _opened(source)
    root.only(*_KEYS)
    objects = _objects(root, parts)
    rest = {name: part for name, part in parts.items() if name not in _OBJECTS}
    read = _plain(root) | _policies(root) | _secret(root, folder, given="secret" in parts) | rest
    if "secret" not in read:
        raise ConfigError("secret", None, f"A house needs a key. {_SECRET_FIX}")
    return read | objects


def came_from(source: Source, parts: Mapping[str, Any]) -> dict[str, str]:
    """Say for every setting that a configuration writes under which key of which file it stands; parts go before."""
    root, _ = _opened(source)
    name = "mapping" if is_table(source) else Path(cast("str", source)).name
    found: dict[str, str] = {}
    for key, value in root.values.items():
        entries = [f"{key}.{entry}" for entry in value] if is_table(value) else [key]
        setting = _CALLED.get(key, key)
        found |= {entry.replace(key, setting, 1): f"{name}: {entry}" for entry in entries}
    replaced = [part for part in parts if part not in _OBJECTS]
    return {key: where for key, where in found.items() if key.partition(".")[0] not in replaced}


def _objects(root: Section, parts: Mapping[str, Any]) -> dict[str, Any]:
    """Join what the configuration names with the objects that are handed in."""
    users = read_users(root, parts.get("users"))
    guards = settings.named_guards(read_guards(root, parts, users), users)
    default = settings.checked_default(parts.get("default") or read_default(root, guards), guards)
    areas = _areas(root, guards, default, parts.get("steps") or {})
    return {
        "users": users,
        "guards": guards,
        "default": default,
        "areas": areas | dict(parts.get("areas") or {}),
    }


def _opened(source: Source) -> tuple[Section, Path]:
    if is_table(source):
        return Section("", source), Path()
    if not isinstance(source, str | os.PathLike):
        raise ConfigError(
            "from_config", type(source).__name__, "Hand in a mapping, or the path of a TOML file."
        )
    path = Path(source)
    try:
        return Section("", tomllib.loads(path.read_text(encoding="utf-8"))), path.parent
    except OSError as error:
        raise ConfigError("from_config", str(path), f"This file cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        reason = error.reason if isinstance(error, UnicodeDecodeError) else str(error)
        raise ConfigError("from_config", str(path), f"This file is not TOML: {reason}.") from None


# -- areas ------------------------------------------------------------------------------------------------------


def _areas(
    root: Section, guards: Mapping[str, Guard], default: str, steps: Mapping[str, StepPart]
) -> dict[str, Area]:
    """Read the middleware groups, and the areas that say more than a group can."""
    lines = dict(_groups(root))
    answers: dict[str, Answers] = {}
    asked: dict[str, tuple[str, ...]] = {}
    for name, section in root.section("areas").sections().items():
        _check_name(section.key, name)
        section.only("guards", "answers", "middleware")
        if section.values.get("middleware") is not None:
            lines[name] = _own_lines(section, lines.get(name))
        answers[name] = cast("Answers", section.choice("answers", ANSWERS) or "auto")
        named = section.texts("guards")
        if named is not None:
            asked[name] = _asked(section, named, guards)
        lines.setdefault(name, ())
    found = Groups(lines, guards, default, steps).areas(answers, asked)
    for name in answers.keys() - found.keys():
        fix = f"The area asks nobody: name its guards, of {', '.join(sorted(guards))}."
        raise ConfigError(f"areas.{name}.guards", None, fix)
    return found


def _groups(root: Section) -> Iterator[tuple[str, Sequence[Line]]]:
    """Read the groups. A bare list, as a package writes it, is one group called after its key."""
    if are_texts(root.values.get("middleware")):
        yield "middleware", _lines(root, "middleware")
        return
    section = root.section("middleware")
    for name in section.values:
        _check_name(section.at(name), name)
        yield name, _lines(section, name)


def _lines(section: Section, name: str) -> tuple[Line, ...]:
    texts = section.texts(name, "Write a list of names, such as ['web', 'auth:api'].") or ()
    return tuple(Line(f"{section.at(name)}[{place}]", text) for place, text in enumerate(texts))


def _own_lines(section: Section, group: Sequence[Line] | None) -> tuple[Line, ...]:
    if group is not None:
        raise ConfigError(
            section.at("middleware"), "a second list", "The middleware group of that name is its list."
        )
    return _lines(section, "middleware")


def _asked(section: Section, named: Sequence[str], guards: Mapping[str, Guard]) -> tuple[str, ...]:
    for name in named:
        if name not in guards:
            raise settings.unknown(section.at("guards"), name, guards)
    if not named:
        raise ConfigError(section.at("guards"), [], "Name at least one guard, or take the key out.")
    return tuple(dict.fromkeys(named))


def _check_name(key: str, name: str) -> None:
    if not name or "," in name or ":" in name:
        raise ConfigError(key, name, "The name of a group or an area has no comma and no colon.")
    if name in AUTH or (name in DERIVED and name not in ("web", "api")):
        raise ConfigError(key, name, "That name has a meaning in every list; name the group otherwise.")


# -- all the rest -----------------------------------------------------------------------------------------------


def _plain(root: Section) -> dict[str, Any]:
    urls = root.values.get("public_url")
    return present(
        {
            **{name: root.text(name) for name in _TEXTS},
            **{name: root.texts(name, "Write a list of texts, even of one.") for name in _LISTS},
            "public_url": root.text("public_url") if isinstance(urls, str) else root.texts("public_url"),
            "explain": root.choice("explain", EXPLAIN),
            "undeclared": root.choice("undeclared", UNDECLARED),
            "debug": root.flag("debug"),
        }
    )


def _policies(root: Section) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "sessions" in root.values:
        sessions = root.section("sessions").only(*_DURATIONS, "max_bytes")
        lengths: dict[str, Any] = {name: sessions.duration(name) for name in _DURATIONS}
        found["sessions"] = SessionPolicy(**present(lengths | {"max_bytes": sessions.count("max_bytes")}))
    if "cookie" in root.values:
        found["cookie"] = _cookie(root.section("cookie"))
    return found


def _cookie(section: Section) -> CookiePolicy:
    section.only("name", "same_site", "domain", "csrf", *_COOKIE_FLAGS)
    read: dict[str, Any] = {name: section.text(name) for name in ("name", "domain", "csrf")}
    read["same_site"] = section.choice("same_site", ("Lax", "Strict", "None"))
    read |= {name: section.flag(name) for name in _COOKIE_FLAGS}
    return CookiePolicy(**present(read))


def _secret(root: Section, folder: Path, *, given: bool) -> dict[str, Any]:
    """Read the key, or the file that holds it, beside the configuration; the key itself is in no error."""
    found = root.values.get("secret")
    path = root.text("secret_file")
    if found is not None and path is not None:
        raise ConfigError("secret_file", path, "There is a `secret` too; keep one of the two.")
    if found is not None and not isinstance(found, str) and not are_texts(found):
        raise root.wrong_type("secret", _SECRET_FIX)
    if path is None or given:
        return present({"secret": found})
    try:
        return {"secret": (folder / path).read_text(encoding="utf-8").strip()}
    except OSError as error:
        raise ConfigError("secret_file", path, f"This file cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigError(
            "secret_file", path, "This file holds no text. Write the key of `guardhouse secret`."
        ) from None
