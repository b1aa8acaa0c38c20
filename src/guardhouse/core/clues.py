"""What a refused request reveals about why its cookie, header or token did not come: read at refusals only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from msgspec import Struct

from guardhouse.core.caller import Sender, host_name, page_name, sender_of
from guardhouse.core.causes import Cause
from guardhouse.core.cookies import cookie_crumbs, cookie_names
from guardhouse.core.facts import SAFE_METHODS, Facts
from guardhouse.core.nearest import is_loopback
from guardhouse.core.origin import TOKEN_HEADERS
from guardhouse.core.reasons import Reason
from guardhouse.core.verdict import Abstain, Deny, Verdict

__all__ = ["Setting", "clues"]

_ALIKE = 0.8
_OF_ORIGIN = frozenset({Reason.CSRF_SCHEME_MISMATCH, Reason.WEBSOCKET_ORIGIN, Reason.DPOP_INVALID})
_OF_CSRF = frozenset({Reason.CSRF_TOKEN_MISSING, Reason.CSRF_TOKEN_INVALID, Reason.CSRF_SCHEME_MISMATCH})


class Setting(Struct, frozen=True):
    """What the house has set, as far as it decides whether something can arrive."""

    session: str = "__Host-gh"
    csrf: str = "XSRF-TOKEN"
    name: str = "gh"
    """The session cookie's name without its prefix."""
    same_site: str = "Lax"
    secure: bool = True
    endpoint: str = "/csrf-cookie"


def clues(
    facts: Facts, setting: Setting, told: Sequence[Verdict], forms: Sequence[tuple[str, str]] = ()
) -> Iterator[Cause]:
    """Find what the request reveals. `told` are the verdicts that led to the refusal, the refusal itself among them.

    `forms` are the headers that should hold a CSRF token, each with what is wrong with the form of its value.
    """
    reasons = {verdict.reason for verdict in told}
    sender, names = sender_of(facts), cookie_names(facts)
    if sender.undeclared and reasons & _OF_ORIGIN:
        evidence = {"peer": facts.peer or "the peer", "x_forwarded_proto": "https", "scheme": facts.scheme}
        yield Cause(Reason.PROXY_UNDECLARED, evidence)
    if _lacks_authorization(facts, told) and sender.through and not sender.site:
        yield Cause(Reason.AUTHORIZATION_STRIPPED, {"through": sender.through})
    if _lacks_cookie(told) and setting.session not in names:
        yield from _of_cookie(facts, setting, sender, names)
    if reasons & _OF_CSRF:
        yield from _of_csrf(facts, setting, sender, forms)


def _silent(told: Sequence[Verdict]) -> Iterator[Deny | Abstain]:
    return (
        verdict
        for verdict in told
        if isinstance(verdict, Deny | Abstain) and verdict.reason is Reason.NO_CREDENTIAL
    )


def _lacks_authorization(facts: Facts, told: Sequence[Verdict]) -> bool:
    wanted = any(
        "authorization" in str(verdict.evidence.get("need", "")).lower() for verdict in _silent(told)
    )
    return wanted and facts.header(b"authorization") is None


def _lacks_cookie(told: Sequence[Verdict]) -> bool:
    return any("cookies" in verdict.evidence for verdict in _silent(told))


# -- why the session cookie did not come ------------------------------------------------------------------------


def _of_cookie(facts: Facts, setting: Setting, sender: Sender, names: Sequence[str]) -> Iterator[Cause]:
    host, page = host_name(sender), page_name(sender)
    if page and host and page.lower() != host.lower() and is_loopback(page) and is_loopback(host):
        yield Cause(Reason.HOSTS_MIXED, {"page": sender.page, "host": sender.host})
    elif setting.secure and sender.scheme == "http" and (sender.safari or not is_loopback(host)) and host:
        yield Cause(Reason.COOKIE_NEEDS_HTTPS, {"cookie": setting.session, "host": sender.host})
    elif sender.site == "cross-site" and _kept_back(facts, setting, sender):
        yield _third_party(facts, setting, sender)
    elif not names and sender.script and _omitted(facts, sender):
        where = {"page": sender.page or "the page", "host": sender.host, "site": sender.site or "not said"}
        yield Cause(Reason.CREDENTIALS_OMITTED, where)
    meant = _meant(setting, names)
    if meant:
        yield Cause(Reason.COOKIE_OTHER_NAME, {"cookie": setting.session, "came": meant})
    if sender.program and not names:
        yield Cause(Reason.CALLER_IS_PROGRAM, {"program": sender.program})


def _omitted(facts: Facts, sender: Sender) -> bool:
    """Whether the browser may hold a cookie: the page is another origin's, or it read the CSRF cookie and sent none."""
    return sender.foreign or any(facts.header(name) is not None for name in TOKEN_HEADERS)


def _kept_back(facts: Facts, setting: Setting, sender: Sender) -> bool:
    """Whether a browser keeps a cookie of this SameSite from this request (RFC 6265bis 5.6.7.1)."""
    if setting.same_site != "Lax":
        return True
    window = sender.mode == "navigate" and facts.header(b"sec-fetch-dest") in (None, b"document")
    return not (window and facts.method in SAFE_METHODS)


def _third_party(facts: Facts, setting: Setting, sender: Sender) -> Cause:
    where: dict[str, object] = {"page": sender.page or "the page", "host": sender.host}
    if setting.same_site != "None":
        return Cause(Reason.COOKIE_KEPT_BACK, where | {"same_site": setting.same_site})
    access = facts.header(b"sec-fetch-storage-access")
    said = access[:20].decode("latin-1") if access is not None else "not said"
    return Cause(Reason.COOKIE_THIRD_PARTY, where | {"storage_access": said})


def _meant(setting: Setting, names: Sequence[str]) -> str:
    """Find a cookie that was ours under other settings, or under a name with a slip in it."""
    for prefix in ("", "__Host-", "__Secure-"):
        if prefix + setting.name in names:
            return prefix + setting.name
    others = [name for name in names if name not in (setting.csrf, f"{setting.session}-visitor")]
    return next(iter(get_close_matches(setting.session, others, n=1, cutoff=_ALIKE)), "")


# -- why the CSRF token did not come ----------------------------------------------------------------------------


def _of_csrf(
    facts: Facts, setting: Setting, sender: Sender, forms: Sequence[tuple[str, str]]
) -> Iterator[Cause]:
    if sender.browser and not sender.site and sender.scheme == "http" and _untrusted_name(sender):
        yield Cause(Reason.FETCH_METADATA_ABSENT, {"scheme": "http", "host": sender.host})
    values = {crumb for crumb in cookie_crumbs(facts) if crumb.startswith(setting.csrf.encode() + b"=")}
    if len(values) > 1:
        yield Cause(Reason.CSRF_COOKIE_DUPLICATE, {"cookie": setting.csrf, "different": len(values)})
    if values and all(facts.header(name) is None for name in TOKEN_HEADERS):
        yield Cause(Reason.CSRF_COOKIE_WITHOUT_HEADER, {"cookie": setting.csrf})
    for header, form in forms:
        evidence = {"header": header, "form": form, "endpoint": setting.endpoint}
        yield Cause(Reason.CSRF_HEADER_UNREADABLE, evidence)
    if sender.program:
        yield Cause(Reason.CALLER_IS_PROGRAM, {"program": sender.program})


def _untrusted_name(sender: Sender) -> bool:
    return bool(sender.host) and not is_loopback(host_name(sender))
