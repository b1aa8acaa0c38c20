"""A journey for programs: names, attributes, codes and words, never the value of a cookie or a token."""

from __future__ import annotations

from guardhouse.doctor.browser.attaching import Withheld
from guardhouse.doctor.browser.cookie import Cookie
from guardhouse.doctor.browser.fetching import Exchange
from guardhouse.doctor.browser.journey import Hop, Journey
from guardhouse.doctor.browser.storing import Dropped

_SHOWN = frozenset(
    {"origin", "referer", "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest", "content-type", "accept"}
    | {"access-control-request-method", "access-control-request-headers"}
)


def document_of(journey: Journey) -> dict[str, object]:
    """Write the whole journey."""
    plan, broken = journey.plan, journey.broken
    return {
        "at": str(plan.at),
        "from": str(plan.page),
        "relation": plan.relation,
        "client": plan.client.name,
        "browser": plan.browser.name,
        "third_party_cookies": plan.browser.third_party,
        "login": journey.login,
        "passed": broken is None,
        "broken": broken.part if broken is not None else None,
        "hops": [_hop(hop) for hop in journey.hops],
    }


def _hop(hop: Hop) -> dict[str, object]:
    fetched = hop.fetched
    return {
        "part": hop.part,
        "request": str(hop.role) if hop.role is not None else None,
        "status": fetched.status if fetched is not None else None,
        "passed": hop.passed,
        "causes": [
            {"by": cause.by, "code": cause.code, "says": cause.says, "fix": cause.fix} for cause in hop.causes
        ],
        "notes": hop.notes,
        "exchanges": [_exchange(one) for one in fetched.exchanges] if fetched is not None else [],
        "jar": [_cookie(cookie) for cookie in hop.jar],
    }


def _exchange(exchange: Exchange) -> dict[str, object]:
    return {
        "method": exchange.method,
        "url": exchange.url.partition("?")[0],
        "preflight": exchange.preflight,
        "status": exchange.reply.status,
        "headers": {name: value if name in _SHOWN else "(hidden)" for name, value in exchange.headers},
        "sent": exchange.cookies,
        "kept_back": [_lost(held) for held in exchange.withheld],
        "stored": [_cookie(kept.cookie) for kept in exchange.kept if not kept.erased],
        "erased": [kept.cookie.name for kept in exchange.kept if kept.erased],
        "dropped": [_lost(lost) for lost in exchange.dropped],
    }


def _lost(lost: Withheld | Dropped) -> dict[str, str]:
    return {"name": lost.name, "code": str(lost.ruling.why), "says": lost.ruling.says, "fix": lost.ruling.fix}


def _cookie(cookie: Cookie) -> dict[str, object]:
    return {"name": cookie.name, "attributes": cookie.attributes}
