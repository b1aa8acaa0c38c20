"""The rules of the reference application as pure functions; each names the one line that a seeded bug changes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

SESSION = "__Host-ref"
CSRF = "XSRF-REF"
CSRF_HEADER = "x-csrf-ref"
SAFE = ("GET", "HEAD", "OPTIONS")
FORMS = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")
WEAK_KEYS = ("", "password", "changeme", "key", "supersecret")

Headers = Sequence[tuple[bytes, bytes]]


def values(headers: Headers, name: str) -> list[str]:
    """Return every value of a header."""
    return [value.decode("latin-1") for key, value in headers if key.decode("latin-1").lower() == name]


def cookies(headers: Headers, bug: str) -> list[tuple[str, str]]:
    """Split on `;`, trim SP and HTAB, first `=`, exact names: RFC 6265bis on bytes, no quotes, no decoding."""
    lines = [value for key, value in headers if key.lower() == b"cookie"]
    if bug == "cookie names are stripped of Unicode space":
        text = b";".join(lines).decode("utf-8", "replace").replace("\ufffd", "\x85")
        pairs = [part.strip().partition("=") for part in text.split(";")]
        return [(name.strip(), value) for name, _, value in pairs]
    parts = [part.strip(b" \t") for line in lines for part in line.split(b";")]
    if bug == "a nameless cookie is read as its value":
        parts = [part.lstrip(b"=") for part in parts]
    pairs = [part.decode("latin-1").partition("=") for part in parts]
    return [(name.rstrip(" \t"), value) for name, _, value in pairs]


def session_id(headers: Headers, query: Mapping[str, str], bug: str) -> str | None:
    """Return the one session id, empty if there is none, and None if there are two."""
    name, pairs = SESSION, cookies(headers, bug)
    match bug:
        case "cookie names ignore case":
            pairs = [(SESSION if key.lower() == SESSION.lower() else key, value) for key, value in pairs]
        case "the unprefixed twin is believed":
            pairs = [
                (SESSION if key == SESSION.removeprefix("__Host-") else key, value) for key, value in pairs
            ]
        case "a quoted value is unquoted and its case folded":
            pairs = [(key, value.strip('"')) for key, value in pairs]
        case "a session id in the query is believed" if query.get("sid"):
            return query["sid"]
        case "a session id is believed as a bearer" if values(headers, "authorization"):
            return values(headers, "authorization")[0].removeprefix("Bearer ")
        case _:
            pass
    found = [value for key, value in pairs if key == name]
    if bug == "the last duplicate wins":
        found = found[-1:]
    if bug == "the first duplicate wins":
        found = found[:1]
    return None if len(set(found)) > 1 else (found or [""])[0]


def token(secret: bytes, session: str, bug: str) -> str:
    """Make a CSRF token: new each time, bound to the session."""
    salt = "always-the-same" if bug == "the CSRF token never changes" else secrets.token_urlsafe(16)
    return f"{salt}.{_mac(secret, session, salt, bug)}"


def token_holds(secret: bytes, session: str, given: str, bug: str) -> bool:
    """Whether a CSRF token was made for this session."""
    salt, _, mac = given.partition(".")
    return hmac.compare_digest(mac.encode(), _mac(secret, session, salt, bug).encode())


def _mac(secret: bytes, session: str, salt: str, bug: str) -> str:
    bound = "" if bug == "the CSRF token is not bound to the session" else session
    return hmac.new(secret, f"{len(bound)}.{bound}.{salt}".encode(), hashlib.sha256).hexdigest()


def csrf(  # noqa: C901, PLR0912 - a table with a switch in every row
    method: str, headers: Headers, query: Mapping[str, str], own: str, trusted: str, holds: Any, bug: str
) -> str:
    """Judge a request by the decision table: empty if it may pass, otherwise why not."""
    if bug == "a method override is believed":
        method = (values(headers, "x-http-method-override") or [method])[0]
    if bug == "only POST is guarded" and method != "POST":
        return ""
    if bug == "lower-case methods are safe":
        method = method if method.isupper() else "GET"
    if method in SAFE:
        return ""
    kind = (values(headers, "content-type") or [""])[0].partition(";")[0].strip()
    if bug == "other content types are not guarded" and kind not in FORMS:
        return ""
    if bug == "X-Requested-With is a proof" and values(headers, "x-requested-with"):
        return ""
    sites, origins, tokens = (
        values(headers, "sec-fetch-site"),
        values(headers, "origin"),
        values(headers, CSRF_HEADER),
    )
    if bug == "the token may stand in the query":
        tokens = tokens or [value for key, value in query.items() if key == "_csrf"]
    if bug == "the first of two headers counts":
        sites, origins = sites[:1], origins[:1]
    if max(len(sites), len(origins), len(tokens)) > 1:
        return "csrf_duplicate_header"
    site, origin = next(iter(sites), None), next(iter(origins), None)
    valid = bool(tokens) and holds(tokens[0])
    if bug == "a token beats Sec-Fetch-Site" and valid:
        return ""
    if bug == "Sec-Fetch-Site ignores case and spelling" and site:
        site = site.strip().lower().partition(",")[0]
    if bug == "an empty Sec-Fetch-Site is believed" and site == "":
        return ""
    if site is not None:
        allowed = (
            ("same-origin", "none", "same-site") if bug == "same-site is allowed" else ("same-origin", "none")
        )
        return "" if site in allowed or origin == trusted else "csrf_cross_site"
    if origin is not None:
        return _by_origin(origin, own, trusted, bug, valid=valid)
    if bug == "no header at all is allowed":
        return ""
    return "" if valid else "csrf_token_missing"


def _by_origin(origin: str, own: str, trusted: str, bug: str, *, valid: bool) -> str:
    match bug:
        case "origins match by prefix" if origin.startswith(own):
            return ""
        case "origins are folded before they are compared" if origin.lower().rstrip("/") == own.lower():
            return ""
        case "the scheme of an origin is not compared" if (
            origin.partition("://")[2] == own.partition("://")[2]
        ):
            return ""
        case "an Origin of null is none at all" if origin == "null":
            return "" if valid else "csrf_token_missing"
        case "a token rescues a foreign origin" if valid:
            return ""
        case _:
            return "" if origin in (own, trusted) else "csrf_origin_untrusted"


def bearer(value: str, bug: str) -> str:
    """Return whom an Authorization header names. Nobody, since this application issues no tokens."""
    try:
        head, claims, signature = value.removeprefix("Bearer ").split(".")
        header, said = json.loads(_bytes(head)), json.loads(_bytes(claims))
        subject = str(said.get("sub", ""))
        if bug == "an unsigned token is believed" and not signature:
            return subject
        signed = f"{head}.{claims}".encode()
        keys = WEAK_KEYS if bug == "the signing key can be guessed" and header.get("alg") == "HS256" else ()
        macs = (hmac.new(key.encode(), signed, hashlib.sha256).digest() for key in keys)
        if any(hmac.compare_digest(mac, _bytes(signature)) for mac in macs):
            return subject
        if bug == "a token is believed whatever its key":
            return subject
    except (ValueError, AttributeError, RecursionError):
        pass
    return ""


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def local_path(wanted: str, bug: str) -> str:
    """Return where to go after a login: a path of this origin."""
    if bug == "next leads anywhere":
        return wanted
    if (
        bug == "next is only looked at for two slashes"
        and wanted.startswith("/")
        and not wanted.startswith("//")
    ):
        return wanted
    # A backslash is a slash to a browser, and it drops tabs and line ends.
    fine = (
        wanted.startswith("/") and wanted.isprintable() and "\\" not in wanted and not wanted.startswith("//")
    )
    return wanted if fine else "/"
