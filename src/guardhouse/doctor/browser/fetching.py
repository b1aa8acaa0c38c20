"""One visitor at work: sends what a page wants by the rules of its browser, follows redirects, keeps the jar."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urldefrag, urljoin

from guardhouse.core.facts import Header
from guardhouse.doctor.browser import attaching, cors, metadata, mixed
from guardhouse.doctor.browser.browsers import Browser
from guardhouse.doctor.browser.cookie import Retrieval
from guardhouse.doctor.browser.cors import Allowance, Credentials, Headers, Preflight
from guardhouse.doctor.browser.metadata import Mode
from guardhouse.doctor.browser.sites import Origin, origin_in
from guardhouse.doctor.browser.storing import Dropped, Jar, Kept, store_all
from guardhouse.doctor.browser.whys import Ruling, Why, ruling
from guardhouse.doctor.explanation import Explanation
from guardhouse.doctor.sending import Asked

MOST_REDIRECTS = 20
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LONGEST_SAID = 80
_SEE_OTHER, _TO_GET = 303, frozenset({301, 302})
_BODY_HEADERS = frozenset({"content-type", "content-language", "content-encoding"})


@dataclass(frozen=True, slots=True)
class Reply:
    """What the application answered."""

    status: int
    headers: Headers
    body: bytes = b""
    explanation: Explanation | None = None


Network = Callable[[Asked], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One request as a page wants it. `headers` are those that it writes itself, in lower case."""

    method: str
    url: str
    mode: Mode
    credentials: Credentials
    page: Origin | None
    headers: Headers = ()
    body: bytes = field(default=b"", repr=False)
    client: str = "the page"
    remedy: str = ""
    accept: str = "*/*"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request that left the browser, and what became of its answer's cookies."""

    method: str
    url: str
    preflight: bool
    headers: Headers = field(repr=False)
    reply: Reply = field(repr=False)
    cookies: tuple[str, ...] = ()
    """The names of the cookies that went along."""
    withheld: tuple[attaching.Withheld, ...] = ()
    kept: tuple[Kept, ...] = ()
    dropped: tuple[Dropped, ...] = ()


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a page gets: a status, or a network error with its cause."""

    exchanges: tuple[Exchange, ...]
    error: Ruling | None = None
    credentials: Credentials = "include"
    opaque: bool = False
    """Whether the answer came from another origin, so that the page reads its exposed headers only."""

    @property
    def last(self) -> Exchange | None:
        """The last request that was no preflight."""
        return next((one for one in reversed(self.exchanges) if not one.preflight), None)

    @property
    def status(self) -> int | None:
        """The status that the page sees; None for a network error."""
        return None if self.error is not None or self.last is None else self.last.reply.status


@dataclass(frozen=True, slots=True)
class _Way:
    """What has become of a request on its way: the addresses so far, and what they did to it."""

    chain: tuple[str, ...]
    credentials: bool
    tainted: bool
    foreign: bool


class Visitor:
    """One browser with its jar and its memory of preflights, in front of one application."""

    def __init__(self, browser: Browser, network: Network, known: Sequence[Origin], now: float) -> None:
        self.browser = browser
        self.jar: Jar = ()
        self.now = now
        self._network = network
        self._known = known
        self._allowances: tuple[Allowance, ...] = ()

    async def fetch(self, wanted: Wanted) -> Fetched:
        """Send what a page wants, preflights and redirects included."""
        exchanges: list[Exchange] = []
        chain: tuple[str, ...] = ()
        tainted = False
        while True:
            chain = (*chain, wanted.url)
            target = origin_in(wanted.url)
            foreign = wanted.mode == "cors" and (tainted or wanted.page != target)
            credentials = _effective(wanted, target, tainted=tainted)
            way = _Way(chain, credentials, tainted, foreign)
            error = await self._send(wanted, way, exchanges)
            following = None if error is not None else _following(wanted, exchanges[-1].reply)
            if following is None:
                return Fetched(tuple(exchanges), error, wanted.credentials, foreign)
            ahead = origin_in(following.url)
            stop = self._stop(ahead, chain)
            if stop is not None:
                return Fetched(tuple(exchanges), stop, wanted.credentials, foreign)
            tainted = tainted or (target not in (wanted.page, ahead) and wanted.mode == "cors")
            wanted = following

    async def _send(self, wanted: Wanted, way: _Way, exchanges: list[Exchange]) -> Ruling | None:
        """Send one leg, with a preflight where it needs one; return what keeps the answer from the page."""
        target = origin_in(wanted.url)
        stop = mixed.stopped(self.browser, wanted.mode, wanted.method, wanted.page, target)
        if stop is not None:
            return stop
        asks = "null" if way.tainted else str(wanted.page)
        if way.foreign:
            refused = await self._preflight(wanted, way, asks, exchanges)
            if refused is not None:
                return refused
        exchange = await self._exchange(wanted, way)
        exchanges.append(exchange)
        if not way.foreign:
            return None
        return cors.check(exchange.reply.headers, asks, wanted.credentials, "response unreadable")

    async def _preflight(
        self, wanted: Wanted, way: _Way, origin: str, exchanges: list[Exchange]
    ) -> Ruling | None:
        unsafe = cors.unsafe_names(wanted.headers)
        if not cors.needs_preflight(wanted.method, unsafe):
            return None
        asked = Preflight(wanted.url, origin, wanted.method, unsafe, wanted.credentials)
        if any(known.covers(asked, self.now) for known in self._allowances):
            return None
        whole = (*asked.sent, *self._said(wanted, way, "OPTIONS"))
        reply = await self._network(Asked("OPTIONS", wanted.url, _wire(whole)))
        exchanges.append(Exchange("OPTIONS", wanted.url, preflight=True, headers=whole, reply=reply))
        if reply.status in _REDIRECTS:
            return ruling(Why.PREFLIGHT_REDIRECT, location=_location(reply) or "nowhere")
        answer = cors.Answer(reply.status, reply.headers, _said_by_middleware(reply))
        weighed = cors.weigh_preflight(asked, answer, self.now, self.browser.longest_preflight)
        if isinstance(weighed, Ruling):
            return weighed
        self._allowances = (*self._allowances, weighed)
        return None

    async def _exchange(self, wanted: Wanted, way: _Way) -> Exchange:
        at = self._retrieval(wanted)
        sent, withheld = attaching.attach(self.jar, at)
        if not way.credentials:
            unasked = _unasked(wanted)
            withheld = (*(attaching.Withheld(cookie.name, unasked) for cookie in sent), *withheld)
            sent = ()
        pairs = [f"{cookie.name}={cookie.value}" if cookie.name else cookie.value for cookie in sent]
        line = (("cookie", "; ".join(pairs)),) if pairs else ()
        whole = (("accept", wanted.accept), *wanted.headers, *self._said(wanted, way, wanted.method), *line)
        reply = await self._network(Asked(wanted.method, wanted.url, _wire(whole), wanted.body))
        kept, dropped = self._store(reply, at, wanted, credentials=way.credentials)
        return Exchange(
            method=wanted.method,
            url=wanted.url,
            preflight=False,
            headers=whole,
            reply=reply,
            cookies=tuple(cookie.name for cookie in sent),
            withheld=withheld,
            kept=kept,
            dropped=dropped,
        )

    def _store(
        self, reply: Reply, at: Retrieval, wanted: Wanted, *, credentials: bool
    ) -> tuple[tuple[Kept, ...], tuple[Dropped, ...]]:
        jar, fates = store_all(self.jar, cors.values(reply.headers, "set-cookie"), at)
        if not credentials:
            names = (fate.cookie.name if isinstance(fate, Kept) else fate.name for fate in fates)
            unasked = tuple(Dropped(name, _unasked(wanted)) for name in names)
            # What would be dropped even then is told too: whoever mends one thing wants to know of the next.
            return (), (*unasked, *(fate for fate in fates if isinstance(fate, Dropped)))
        self.jar = jar
        kept = tuple(fate for fate in fates if isinstance(fate, Kept))
        return kept, tuple(fate for fate in fates if isinstance(fate, Dropped))

    def _said(self, wanted: Wanted, way: _Way, method: str) -> Headers:
        """Write what the browser says by itself; a program that is none says nothing."""
        if wanted.mode == "bare":
            return (("user-agent", "curl"),)
        target = origin_in(wanted.url)
        return (
            ("user-agent", f"Mozilla/5.0 (guardhouse doctor as {self.browser.name})"),
            *metadata.fetch_metadata(wanted.mode, wanted.page, way.chain),
            *metadata.origin_header(wanted.mode, method, wanted.page, target, tainted=way.tainted),
            *metadata.referer(wanted.page, target),
        )

    def _retrieval(self, wanted: Wanted) -> Retrieval:
        bare = wanted.mode == "bare"
        page = None if bare else wanted.page
        return Retrieval(wanted.url, wanted.method, page, wanted.mode == "navigate", self.browser, self.now)

    def _stop(self, ahead: Origin, chain: Sequence[str]) -> Ruling | None:
        if len(chain) > MOST_REDIRECTS:
            return ruling(Why.TOO_MANY_REDIRECTS)
        return None if ahead in self._known else ruling(Why.ELSEWHERE, location=str(ahead))


def _effective(wanted: Wanted, target: Origin, *, tainted: bool) -> bool:
    """Whether cookies go along and are kept (Fetch, 4.5, HTTP-network-or-cache fetch)."""
    if wanted.credentials == "same-origin":
        return wanted.page == target and not tainted
    return wanted.credentials == "include"


def _unasked(wanted: Wanted) -> Ruling:
    return ruling(Why.NO_CREDENTIALS, client=wanted.client, fix=wanted.remedy)


def _following(wanted: Wanted, reply: Reply) -> Wanted | None:
    """Write the request that a redirect asks for (Fetch, 4.4)."""
    location = _location(reply)
    if reply.status not in _REDIRECTS or location is None:
        return None
    try:
        url = urldefrag(urljoin(wanted.url, location)).url
        origin_in(url)
    except ValueError:
        return None
    dropped = (reply.status in _TO_GET and wanted.method == "POST") or (
        reply.status == _SEE_OTHER and wanted.method not in ("GET", "HEAD")
    )
    if not dropped:
        return replace(wanted, url=url)
    kept = tuple((name, value) for name, value in wanted.headers if name not in _BODY_HEADERS)
    return replace(wanted, url=url, method="GET", headers=kept, body=b"")


def _said_by_middleware(reply: Reply) -> str:
    """Read the one sentence of Starlette's CORSMiddleware; what else an application answers may be anything."""
    text = reply.body[:_LONGEST_SAID].decode("ascii", "replace")
    return text if text.startswith("Disallowed CORS ") and text.isprintable() else ""


def _location(reply: Reply) -> str | None:
    return next(iter(cors.values(reply.headers, "location")), None)


def _wire(headers: Headers) -> tuple[Header, ...]:
    return tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in headers)
