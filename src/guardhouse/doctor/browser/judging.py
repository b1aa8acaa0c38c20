"""Whether a hop did what it is for; where it did not, what the browser had to do with it and what the house says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from guardhouse.core.answer import Refusal
from guardhouse.core.causes import hint_of
from guardhouse.core.origin import CHECK, Origins
from guardhouse.core.reasons import Reason
from guardhouse.doctor.browser.attaching import Withheld
from guardhouse.doctor.browser.fetching import Exchange, Fetched
from guardhouse.doctor.browser.sites import Origin
from guardhouse.doctor.browser.storing import Dropped, Jar
from guardhouse.doctor.browser.whys import Ruling, Why

Part: TypeAlias = Literal["csrf cookie", "login page", "login", "read", "write", "reload", "logout"]

_ERROR, _BROKEN = 400, 500
_WHO, _MAY_NOT = 401, 403


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why a hop failed, with what to change. `by` is the browser, the house or the application."""

    by: Literal["browser", "house", "application"]
    code: str
    says: str
    fix: str


def judge(part: Part, fetched: Fetched, session: str, jar: Jar) -> tuple[Cause, ...]:
    """List why a hop failed, the browser's part first; nothing where it passed."""
    if fetched.error is not None and not _left(fetched):
        hidden = _refusal(fetched)
        beneath = (*_beneath(fetched, fetched.error), *((_of_house(hidden),) if hidden is not None else ()))
        return (*_crashed(fetched), _of_browser(fetched.error), *beneath)
    if part == "login":
        return _login(fetched, session)
    if part == "logout":
        return (*_refused(fetched, session, jar), *_answered(fetched), *_remaining(fetched, session))
    if part in ("csrf cookie", "login page"):
        return _answered(fetched)
    return _refused(fetched, session, jar) or _answered(fetched, at_gate=True)


def untrusted(page: Origin, origins: Origins) -> Cause | None:
    """Say that the house will refuse what this page changes, although nothing of it has arrived yet."""
    if str(page).encode() in origins.own | origins.trusted:
        return None
    refusal = Refusal(Reason.CSRF_ORIGIN_UNTRUSTED, CHECK, {"origin": str(page)})
    return _of_house(refusal)


def _left(fetched: Fetched) -> bool:
    """Whether a window has only gone on to somebody else's page, which ends this application's part."""
    return fetched.error is not None and fetched.error.why is Why.ELSEWHERE and not fetched.opaque


def _beneath(fetched: Fetched, above: Ruling) -> Iterator[Cause]:
    """Tell what else would have to be mended: an answer that can be read still loses its cookies."""
    lost: list[Withheld | Dropped] = []
    for exchange in fetched.exchanges:
        lost += [*exchange.withheld, *exchange.dropped]
    for one in {one.ruling.why: one for one in lost}.values():
        if one.ruling.why is not above.why:
            yield _of_browser(one.ruling, f"cookie {one.name} neither sent nor stored: ")


def _of_browser(found: Ruling, about: str = "") -> Cause:
    return Cause("browser", str(found.why), about + found.says, found.fix)


def _of_house(refusal: Refusal) -> Cause:
    return Cause("house", str(refusal.reason), refusal.entry.title, hint_of(refusal))


def _login(fetched: Fetched, session: str) -> tuple[Cause, ...]:
    refused = _refusal(fetched)
    if refused is not None:
        return (_of_house(refused),)
    if any(kept.cookie.name == session and not kept.erased for one in fetched.exchanges for kept in one.kept):
        return ()
    lost = [lost.ruling for one in fetched.exchanges for lost in one.dropped if lost.name == session]
    if lost:
        return tuple(_of_browser(one, f"cookie {session} not stored: ") for one in lost)
    wrong = _answered(fetched)
    nothing = Cause(
        "application",
        "no_session_cookie",
        f"the login sets no cookie {session}: nobody was logged in",
        "Are the credentials right? The route must call house.auth(request).attempt(...) or login(...).",
    )
    return wrong or (nothing,)


def _refused(fetched: Fetched, session: str, jar: Jar) -> tuple[Cause, ...]:
    """Say what the house refused, after what the browser kept back of that which it asked for."""
    refused = _refusal(fetched)
    if refused is None:
        return ()
    if refused.status != _WHO:
        return (_of_house(refused),)
    return (*_not_sent(fetched.exchanges, session, jar), _of_house(refused))


def _not_sent(exchanges: Sequence[Exchange], session: str, jar: Jar) -> Iterator[Cause]:
    hidden = [held for one in exchanges for held in one.withheld if held.name == session]
    if hidden:
        yield _of_browser(hidden[0].ruling, f"cookie {session} not sent: ")
    elif not any(cookie.name == session for cookie in jar):
        says = f"cookie {session} not sent: there is none in the jar"
        yield Cause("browser", "not_in_jar", says, "See why the login's cookie was not stored.")


def _refusal(fetched: Fetched) -> Refusal | None:
    """Find the house's no; a window may have been sent to the login after it."""
    for one in fetched.exchanges:
        explanation = one.reply.explanation
        if not one.preflight and explanation is not None and explanation.refusal is not None:
            return explanation.refusal
    return None


def _crashed(fetched: Fetched) -> Iterator[Cause]:
    last = fetched.last
    failure = last.reply.explanation.failure if last is not None and last.reply.explanation else None
    if failure is not None:
        says = f"the application raised {type(failure).__name__}, and that answer has no CORS headers"
        yield Cause(
            "application", "application_failed", says, "See it whole: guardhouse explain --traceback."
        )


def _answered(fetched: Fetched, *, at_gate: bool = False) -> tuple[Cause, ...]:
    """Look at the status; where only the gate counts, an endpoint may find fault with an empty body."""
    last = fetched.last
    status = fetched.status or 0
    if last is None or status < _ERROR:
        return ()
    explanation = last.reply.explanation
    outcome = explanation.outcome if explanation is not None else ""
    if outcome == "no route":
        says = f"the application has no route {last.method} {last.url.partition('?')[0]}"
        return (
            Cause(
                "application", "no_route", says, "Name another route: see --login, --read, --write, --logout."
            ),
        )
    let_in = outcome in ("allowed", "guest", "public", "undecided")
    if at_gate and let_in and status < _BROKEN and status not in (_WHO, _MAY_NOT):
        return ()
    says = f"the application answered {status}"
    return (Cause("application", "status", says, "See why: guardhouse explain APP METHOD PATH."),)


def _remaining(fetched: Fetched, session: str) -> Iterator[Cause]:
    """Find a deletion that the browser ignores: the cookie stays, although the session is dead."""
    lost = next((lost for one in fetched.exchanges for lost in one.dropped if lost.name == session), None)
    if lost is not None:
        yield _of_browser(lost.ruling, f"cookie {session} not removed: ")
