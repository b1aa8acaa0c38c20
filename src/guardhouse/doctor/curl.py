"""From a curl command, as browsers copy it, to the request that it would send. Nothing is sent and no file is read."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from types import MappingProxyType
from typing import TypeAlias
from urllib.parse import quote_plus, urlsplit

from guardhouse.core.facts import Header
from guardhouse.doctor.pasted import PastedError, request_of, writable
from guardhouse.doctor.sending import Asked, header
from guardhouse.doctor.shells import words_of

__all__ = ["read_curl"]

_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"


@dataclass(frozen=True, slots=True)
class _Command:
    """What the options said so far."""

    urls: tuple[str, ...] = ()
    method: str | None = None
    headers: tuple[Header, ...] = field(default=(), repr=False)
    cookies: tuple[str, ...] = field(default=(), repr=False)
    data: tuple[str, ...] = field(default=(), repr=False)
    kind: str = _FORM
    in_query: bool = False

    def with_header(self, text: str) -> _Command:
        """Add a header; `Name:` takes one of curl's own away and `Name;` sends an empty one."""
        name, colon, value = text.partition(":")
        if not colon and text.endswith(";"):
            text, value = f"{text[:-1]}: ", " "
        elif colon and not (name and value):  # `:authority` of HTTP/2, and headers taken away
            return self
        try:
            return replace(self, headers=(*self.headers, header(text)))
        except (ValueError, UnicodeEncodeError):
            raise PastedError("a header cannot be read: write -H 'Name: value'.") from None


_Step: TypeAlias = Callable[[_Command, str], _Command]


def _data(command: _Command, value: str) -> _Command:
    if value.startswith("@"):
        raise PastedError("the body is in a file, and files are not read: paste it with --data-raw '...'.")
    return replace(command, data=(*command.data, value))


def _encoded(command: _Command, value: str) -> _Command:
    name, equals, text = value.partition("=")
    if "@" in name:
        return _data(command, "@")
    said = quote_plus(text) if equals else quote_plus(value)
    return replace(command, data=(*command.data, f"{name}={said}" if equals and name else said))


def _json(command: _Command, value: str) -> _Command:
    return replace(_data(command, value), kind=_JSON).with_header(f"Accept: {_JSON}")


def _cookie(command: _Command, value: str) -> _Command:
    if "=" not in value:
        raise PastedError(
            "the cookies are in a file, and files are not read: paste them with -b 'name=value'."
        )
    return replace(command, cookies=(*command.cookies, value))


def _user(command: _Command, value: str) -> _Command:
    return command.with_header(f"Authorization: Basic {b64encode(value.encode()).decode()}")


def _multipart(_: _Command, __: str) -> _Command:
    raise PastedError(
        "a multipart body (-F) is not read: leave it out, for the guards speak before the body."
    )


_TAKING: Mapping[str, _Step] = MappingProxyType(
    {
        "--request": lambda command, value: replace(command, method=value),
        "--header": _Command.with_header,
        "--cookie": _cookie,
        "--data": _data,
        "--data-ascii": _data,
        "--data-binary": _data,
        "--data-raw": lambda command, value: replace(command, data=(*command.data, value)),
        "--data-urlencode": _encoded,
        "--json": _json,
        "--form": _multipart,
        "--form-string": _multipart,
        "--url": lambda command, value: replace(command, urls=(*command.urls, value)),
        "--user": _user,
        "--user-agent": lambda command, value: command.with_header(f"User-Agent: {value}"),
        "--referer": lambda command, value: command.with_header(f"Referer: {value}"),
        "--oauth2-bearer": lambda command, value: command.with_header(f"Authorization: Bearer {value}"),
    }
)
"""What takes a value and changes the request."""

_ALONE: Mapping[str, Callable[[_Command], _Command]] = MappingProxyType(
    {
        "--get": lambda command: replace(command, in_query=True),
        "--head": lambda command: replace(command, method=command.method or "HEAD"),
    }
)

_SHORT = MappingProxyType(
    {
        "-X": "--request",
        "-H": "--header",
        "-b": "--cookie",
        "-d": "--data",
        "-F": "--form",
        "-u": "--user",
        "-A": "--user-agent",
        "-e": "--referer",
        "-G": "--get",
        "-I": "--head",
    }
)

_ASIDE = frozenset(
    {
        *("--compressed", "--insecure", "--silent", "--show-error", "--include", "--verbose", "--location"),
        *("--http1.0", "--http1.1", "--http2", "--http2-prior-knowledge", "--http3", "--globoff", "--fail"),
        *("--fail-with-body", "--path-as-is", "--no-buffer", "--tlsv1.2", "--tlsv1.3", "--ipv4", "--ipv6"),
        *("-k", "-s", "-S", "-i", "-v", "-L", "-0", "-g", "-f", "-N", "-4", "-6", "-#", "--progress-bar"),
    }
)
_ASIDE_TAKING = frozenset(
    {
        *("--output", "--max-time", "--connect-timeout", "--resolve", "--cacert", "--write-out", "--proxy"),
        *("--cookie-jar", "--retry", "--interface", "--dump-header", "--ciphers", "--max-redirs"),
        *("-o", "-m", "-w", "-x", "-c", "-D"),
    }
)
"""What does not change the request itself."""


def read_curl(text: str) -> Asked:
    """Read a command of bash or cmd. Raise `PastedError` for what is none, or does more than send one request."""
    words = words_of(text.strip().removeprefix("$ "))
    if not all(map(writable, words)):
        raise PastedError("it holds half of a character, which nobody can send: copy it once more.")
    if not words or words[0].lower().removesuffix(".exe") != "curl":
        raise PastedError("it does not begin with curl: copy it as cURL in the browser's network panel.")
    return _asked(_read(iter(words[1:])))


def _read(words: Iterator[str]) -> _Command:
    command = _Command()
    for word in words:
        name, attached = _option(word)
        if name is None:
            command = replace(command, urls=(*command.urls, word))
        elif name in _TAKING:
            command = _TAKING[name](command, _value(name, attached, words))
        elif name in _ALONE:
            command = _ALONE[name](command)
        elif name in _ASIDE_TAKING:
            _value(name, attached, words)
        elif not _aside(word):
            raise _unknown(name)
    return command


def _option(word: str) -> tuple[str | None, str | None]:
    """Name an option in its long form, with a value that is attached to it: `-XPOST`, `--request=POST`."""
    if word in ("-", "") or not word.startswith("-"):
        return None, None
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        return (name, value) if equals and name in _TAKING else (word, None)
    short = word[:2]
    return _SHORT.get(short, short), word[2:] or None


def _value(name: str, attached: str | None, words: Iterator[str]) -> str:
    value = attached if attached is not None else next(words, None)
    if value is None:
        raise PastedError(f"{name} stands last and has no value: paste the whole command.")
    return value


def _aside(word: str) -> bool:
    """Whether nothing of it changes the request; letters may stand together, as in `-sSL`."""
    if word in _ASIDE:
        return True
    return not word.startswith("--") and all(f"-{letter}" in _ASIDE for letter in word[1:])


def _unknown(name: str) -> PastedError:
    known = [*_TAKING, *_ALONE, *_ASIDE, *_ASIDE_TAKING]
    nearest = get_close_matches(name, known, n=1)
    guess = f" Did you mean {nearest[0]}?" if nearest else ""
    return PastedError(f"curl's option {name} is not understood here: leave it out.{guess}")


def _asked(command: _Command) -> Asked:
    if len(command.urls) != 1:
        raise PastedError(
            "there are two addresses in it: paste one request."
            if command.urls
            else "there is no address in it: paste the whole command."
        )
    url = command.urls[0] if "://" in command.urls[0] else f"http://{command.urls[0]}"  # as curl takes it
    data = "&".join(command.data)
    if command.in_query and data:
        url, data = f"{url}{'&' if urlsplit(url).query else '?'}{data}", ""
    method = command.method or ("POST" if command.data and not command.in_query else "GET")
    return request_of(method, url, _headers(command, data), data)


def _headers(command: _Command, data: str) -> Sequence[Header]:
    said = [*command.headers]
    if command.cookies:
        said.append((b"cookie", "; ".join(command.cookies).encode("utf-8")))
    if data and not any(name == b"content-type" for name, _ in said):
        said.append((b"content-type", command.kind.encode()))
    return said
