"""The ways in of one session guard: put together once, checked, and laid out as routes of an application."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Generic, TypedDict, TypeVar, Unpack, cast, get_args
from urllib.parse import urlsplit

from starlette.applications import Starlette

from guardhouse.core.origin import TOKEN_FIELD
from guardhouse.core.weakness import Policy
from guardhouse.desks.invite import invite, withdraw
from guardhouse.desks.kit import Kit, Lifetimes, MagicLinks, MayImpersonate
from guardhouse.desks.otp_app import issuer_of
from guardhouse.desks.outbox import Outbox
from guardhouse.desks.remembering import Remembering
from guardhouse.edge.ways.elsewhere import at_work, buttons, refuse_callback
from guardhouse.edge.ways.pages import Pages
from guardhouse.edge.ways.passkeys import Script, party_of, script_for
from guardhouse.edge.ways.routes import route_of
from guardhouse.edge.ways.said import LED
from guardhouse.edge.ways.table import WAYS
from guardhouse.edge.ways.way import Way, lacking
from guardhouse.errors import ConfigError
from guardhouse.flows.foreign import ForeignPolicy
from guardhouse.guards.session import SessionGuard
from guardhouse.house import Guardhouse
from guardhouse.issuers.foreign import ForeignLogin
from guardhouse.issuers.providers import ForeignProvider
from guardhouse.limits import LoginThrottle
from guardhouse.mail.link import link_to
from guardhouse.mail.mailer import Checks, Mailer, refuse_in_production
from guardhouse.state.keeper import Storeless
from guardhouse.state.store import SingleUse
from guardhouse.templates.environment import Templates
from guardhouse.users.policy import SHORTEST, NewPasswords, PasswordPolicy
from guardhouse.vault.totp import SEED_BYTES, provisioning_uri

U = TypeVar("U")

__all__ = ["ForeignPolicy", "Lifetimes", "Ways"]

_CANNOT_TELL = (
    "nothing here tells what was used before: use a store of guardhouse, or with sessions in cookies "
    "SealedSessions(epochs=SQLiteStore('epochs.db')) or SealedSessions(beside=...)."
)


class Single(TypedDict, total=False):
    """What concerns single ways; left out it is the safe choice."""

    address_field: str
    """Under which name somebody new hands in his address; `email` if nothing else is said."""
    register_fields: Sequence[str]
    """What somebody new may fill in beside login and password."""
    register_logs_in: bool
    """Whether who registers is logged in; then the answer tells who has an account."""
    magic_links: MagicLinks
    """Whether a link by mail logs in, and whether it must be opened where it was asked for; off if nothing is said."""
    pace: timedelta
    """To a multiple of this an answer waits that must not tell how much there was to do: a quarter of a second."""
    may_impersonate: MayImpersonate | None
    """Who may act in whose place, as a rule of the house or a function of both users; nobody if nothing is said."""


class Ways(Generic[U]):
    """All ways in and out of one session guard: login, register, reset, second factors, passkeys, and what belongs to them.

    A way is offered where the house has what it needs: users that can be changed, a store that keeps enrolments, mail.
    `without` names those to leave out, `paths` moves one, `replace` puts one of yours in the place of the one with its
    name, or adds it. `foreign` are login servers of others (docs/social-login.md). `require_second_factor` says who must have one, and leads him to enrol it
    after his password. `rp_id` is the domain that passkeys are bound to, where it is not the host of `public_url`.
    `mail` sends letters, at once or from an outbox of yours; their links begin with `public_url`, never with a Host header. Raises
    `ConfigError` for everything that cannot work.

    Who ticks *remember me* gets a cookie of its own for this browser, where the store keeps enrolments; with
    `remember=False` his session lasts longer instead, as `SessionPolicy` says.
    What concerns single ways is told in `Single`.
    """

    def __init__(  # noqa: PLR0913 - the settings of the ways; keyword-only, each with the safe default
        self,
        house: Guardhouse[U],
        guard: str | None = None,
        *,
        app_name: str,
        passwords: Policy | None = None,
        mail: Mailer | Outbox | None = None,
        public_url: str | None = None,
        pages: bool = True,
        templates: Templates | None = None,
        prefix: str = "",
        without: Sequence[str] = (),
        paths: Mapping[str, str] = MappingProxyType({}),
        replace: Sequence[Way] = (),
        throttle: LoginThrottle | None = None,
        lifetimes: Lifetimes | None = None,
        must_verify: bool = False,
        require_second_factor: bool | Callable[[U], bool] = False,
        login_field: str = "email",
        remember: bool = True,
        rp_id: str | None = None,
        foreign: Sequence[ForeignProvider | ForeignLogin] = (),
        foreign_policy: ForeignPolicy | None = None,
        **single: Unpack[Single],
    ) -> None:
        self._base = _base(house, public_url, mail, foreign)
        self.kit = Kit(
            **_parts(house, guard, mail, throttle),
            policy=passwords or NewPasswords(PasswordPolicy(words=_words(app_name, self._base))),
            places=self,
            app_name=app_name,
            lifetimes=lifetimes or Lifetimes(),
            must_verify=must_verify,
            login_field=login_field,
            factor_required=_whoever(require_second_factor),
            **_checked(login_field, **single),
            party=party_of(house.parts.origins.own, app_name, rp_id),
            foreign=at_work(
                house,
                foreign,
                foreign_policy,
                login_is_address=login_field == single.get("address_field", "email"),
            ),
        )
        self.ways, self.paths = self._laid_out(self._offered(without, replace, keep=remember), prefix, paths)
        self._templates, self.pages = self._written(templates, prefix, pages=pages)
        self._lead()

    def _lead(self) -> None:
        """Tell the house on which page this guard's people give what a route finds missing."""
        there = {
            reason: self.paths[name] for reason, name in LED.items() if self.pages and name in self.paths
        }
        self.kit.house.leads |= {(self.kit.guard.name, reason): path for reason, path in there.items()}

    def _written(
        self, templates: Templates | None, prefix: str, *, pages: bool
    ) -> tuple[Templates | None, Pages | None]:
        """Find what pages and letters are written with, where there are any."""
        used = (templates or Templates()) if pages or self.kit.outbox is not None else None
        if not pages or used is None:
            return used, None
        script = script_for(used, prefix, self.paths)
        return used, Pages(used, self.paths, self._texts(script), script)

    def url_of(self, name: str, query: Mapping[str, str] | None = None, *, provider: str = "") -> str:
        """Write the address of a way as browsers reach it; `provider` is a login server's name, where the path has one."""
        if name not in self.paths:
            raise ConfigError(
                "ways", name, "A letter would lead there, and it is left out: leave out what sends it, too."
            )
        return link_to(self._base, self.paths[name].replace("{provider}", provider), query)

    def offers(self, name: str) -> bool:
        """Whether there is a way of that name."""
        return name in self.paths

    def install(self, app: Starlette) -> None:
        """Lay the ways out as routes, before the house is installed and after its rules are defined."""
        if isinstance(self.kit.may_impersonate, str):
            self.kit.house.rules.known(self.kit.may_impersonate)
        self._check_texts()
        app.router.routes += [
            route_of(self.kit, way, self.paths[way.name], self.pages, self._templates) for way in self.ways
        ]
        if self.pages is not None and self.pages.script is not None:
            app.router.routes.append(self.pages.script.route(self.kit.house))
        if self.kit.outbox is not None:
            app.router.lifespan_context = _closing(self.kit.outbox, app.router.lifespan_context)

    def _check_texts(self) -> None:
        """Find a template that is spoiled now and not by its first reader; and let listeners hear of letters that are lost."""
        if self._templates is not None:
            self._templates.check()
        if self.kit.outbox is not None:
            if isinstance(self.kit.outbox.mailer, Checks):
                self.kit.outbox.mailer.check()
            self.kit.outbox.tell(self.kit.house.parts.emit)

    async def invite(self, address: str, *, language: str = "") -> bool:
        """Ask somebody in: a letter whose link opens an account at this address, with a password that he chooses.

        False, and no letter, where somebody logs in by that address already. Raise `ValueError` for what is no address.
        """
        return await invite(self.kit, address, language)

    async def withdraw_invitation(self, address: str) -> bool:
        """Take back every open invitation to this address; False where none is open, because it was answered or never sent."""
        return await withdraw(self.kit, address)

    def _texts(self, script: Script | None) -> Mapping[str, object]:
        """Return what every page is told."""
        return {
            "app_name": self.kit.app_name,
            "home": self.kit.house.home_url,
            "foreign": buttons(self.kit, self.paths),
            "login_field": self.kit.login_field,
            "login_label": "E-mail" if self.kit.login_field == "email" else "User name",
            "login_type": "email" if self.kit.login_field == "email" else "text",
            "address_field": self.kit.address_field,
            "register_fields": self.kit.register_fields,
            "field_labels": {name: _label(name) for name in self.kit.register_fields},
            "same_browser": self.kit.magic_links == "same-browser",
            "passkey_script": script.path if script else "",
            "passkey_origins": sorted(self.kit.party.origins) if self.kit.party else [],
            "password_hint": f"At least {SHORTEST} characters. Several words are good.",
        }

    def _laid_out(
        self, offered: Sequence[Way], prefix: str, paths: Mapping[str, str]
    ) -> tuple[Sequence[Way], Mapping[str, str]]:
        """Say which ways there are and where each lies. No letter may lead to one that is not there, and nobody come back to one."""
        laid = {way.name: f"{prefix}{paths.get(way.name, way.where)}" for way in offered}
        _refuse_unknown("paths", paths, laid)
        _refuse_dead_ends(offered, self.kit, laid)
        refuse_callback(self.kit, laid, self._base)
        return offered, laid

    def _offered(self, without: Sequence[str], replace: Sequence[Way], *, keep: bool) -> Sequence[Way]:
        """Find what this house has all for. To come back on a remembered browser is a way in, too, without a route."""
        _keep_logged_in(self.kit, asked_for=keep)
        own = {way.name: way for way in replace}
        known = {way.name: way for way in WAYS} | own
        _refuse_unknown("without", without, known)
        offered = [way for name, way in known.items() if name not in without and not lacking(self.kit, way)]
        _check_uses(self.kit)
        _check_factors(self.kit, {way.name for way in offered})
        return offered


def _base(
    house: Guardhouse[Any], public_url: str | None, mail: Mailer | Outbox | None, foreign: Sequence[object]
) -> str:
    wanted_by = "Letters" if mail is not None else "Logins elsewhere" if foreign else ""
    own = sorted(house.parts.origins.own)
    if public_url is None and len(own) == 1:
        return own[0].decode()
    if public_url is None and wanted_by:
        fix = f"{wanted_by} need one address to lead to, and the Host header is a stranger's word: Ways(public_url='https://...')."
        raise ConfigError("public_url", "none" if not own else "several", fix)
    return (public_url or "").rstrip("/")


def _outbox(house: Guardhouse[Any], mail: Mailer | Outbox | None) -> Outbox | None:
    """Put an outbox before a mailer, and refuse one that is for development only where that is over."""
    if mail is None:
        return None
    outbox = mail if isinstance(mail, Outbox) else Outbox(mail)
    refuse_in_production(outbox.mailer, debug=house.debug)
    return outbox


def _closing(outbox: Outbox, inner: Any) -> Any:  # noqa: ANN401 - Starlette's lifespan type
    """Let the letters that wait be sent before the application ends."""

    @asynccontextmanager
    async def lifespan(asgi: Any) -> AsyncGenerator[Any, None]:  # noqa: ANN401 - as above
        async with inner(asgi) as state:
            try:
                yield state
            finally:
                await outbox.close()

    return lifespan


class _Parts(TypedDict):
    house: Guardhouse[Any]
    guard: SessionGuard
    outbox: Outbox | None
    throttle: LoginThrottle


def _parts(
    house: Guardhouse[Any], guard: str | None, mail: Mailer | Outbox | None, throttle: LoginThrottle | None
) -> _Parts:
    """Find what the ways work with."""
    return {
        "house": house,
        "guard": _session_guard(house, guard),
        "outbox": _outbox(house, mail),
        "throttle": throttle or LoginThrottle(house.limits),
    }


def _keep_logged_in(kit: Kit, *, asked_for: bool) -> None:
    """Let the guard keep browsers logged in, where that is asked for and can be."""
    if asked_for and kit.enrolments is not None:
        kit.house.parts.remembering[kit.guard.realm or ""] = Remembering(kit)


def _whoever(required: bool | Callable[[U], bool]) -> Callable[[Any], bool] | None:  # noqa: FBT001 - yes and no for all users are settings of it
    if callable(required):
        return required
    if not isinstance(cast("object", required), bool):
        fix = "True for everybody, False, or a function that says it of a user."
        raise ConfigError("require_second_factor", type(required).__name__, fix)
    return (lambda _: True) if required else None


def _check_uses(kit: Kit) -> None:
    """Refuse what counts once where nothing tells what was used; a session in a cookie does not: an older one can be put back."""
    beside = kit.house.parts.beside
    if isinstance(beside, SingleUse):
        return
    kind = type(beside).__name__
    if kit.magic_links != "off":
        fix = f"A link must open once, and {_CANNOT_TELL}"
        raise ConfigError("ways.magic_links", f"{kit.magic_links} with {kind}", fix)
    if kit.enrolments is not None and isinstance(kit.house.parts.store, Storeless):
        raise ConfigError("store", kind, f"A visitor can put back an older cookie, and {_CANNOT_TELL}")


def _check_factors(kit: Kit, offered: set[str]) -> None:
    """Refuse a second factor that nobody could enrol, or that no app could show."""
    needed = {"two-factor", "two-factor-required"}
    if kit.factor_required is not None and not needed <= offered:
        fix = "Nobody could give one, or enrol a first one: use a store that keeps enrolments, also beside sessions in cookies, and leave these ways in."
        raise ConfigError("require_second_factor", f"without {', '.join(sorted(needed - offered))}", fix)
    if "passkey" not in offered and offered & {"passkey-register", "passkey-required"}:
        fix = "Who makes a passkey is asked for it, and could not give it: leave out passkey-register and passkey-required, too."
        raise ConfigError("ways.without", "passkey", fix)
    if "two-factor-setup" in offered or "two-factor-required" in offered:
        provisioning_uri(bytes(SEED_BYTES), issuer_of(kit.app_name), "nobody")


def _words(app_name: str, base: str) -> tuple[str, ...]:
    """Name the words that whoever guesses a password of this application begins with (ASVS 6.1.2)."""
    host = urlsplit(base).hostname or ""
    return tuple({app_name, *host.split(".")} - {"", "www", "com", "localhost"})


def _session_guard(house: Guardhouse[Any], name: str | None) -> SessionGuard:
    guard = house.guards.get(name or house.default)
    if isinstance(guard, SessionGuard):
        return guard
    able = [key for key, one in house.guards.items() if isinstance(one, SessionGuard)]
    raise ConfigError(
        "ways", name or house.default, f"Name a session guard: {', '.join(able) or 'there is none'}."
    )


def _checked(login_field: str, **single: Unpack[Single]) -> dict[str, Any]:
    """Check what concerns single ways."""
    checked: dict[str, Any] = {**single}
    if "register_fields" in single:
        checked["register_fields"] = _fields(single["register_fields"], login_field)
    if "magic_links" in single:
        checked["magic_links"] = _links(single["magic_links"])
    return checked


def _fields(names: Sequence[str], login_field: str) -> tuple[str, ...]:
    if isinstance(names, str):
        raise ConfigError("ways.register_fields", names, f"List the fields: ({names!r},).")
    taken = {"login", "password", "more", "next", "token", TOKEN_FIELD, login_field}
    for name in names:
        if name in taken:
            raise ConfigError(
                "ways.register_fields", name, "That is the name of a field which is there already."
            )
    return tuple(names)


def _links(said: MagicLinks) -> MagicLinks:
    known = get_args(MagicLinks)
    if said not in known:
        raise ConfigError("ways.magic_links", said, f"Say one of {', '.join(known)}.")
    return said


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _refuse_dead_ends(ways: Sequence[Way], kit: Kit, laid: Mapping[str, str]) -> None:
    """Refuse what would send a letter whose link leads nowhere."""
    if kit.must_verify and "verify-email" not in laid:
        fix = (
            "Nobody could come in: give Ways(mail=...), users that know addresses, and the way verify-email."
        )
        raise ConfigError("ways.must_verify", kit.must_verify, fix)
    for way in ways if kit.outbox is not None else ():
        for goal in sorted(name for name in way.leads if name not in laid):
            raise ConfigError(
                f"ways.{way.name}", f"no {goal}", f"Its letter leads there: without=[{way.name!r}], too."
            )


def _refuse_unknown(setting: str, names: Sequence[str] | Mapping[str, str], known: Mapping[str, Any]) -> None:
    for name in names:
        if name not in known:
            raise ConfigError(f"ways.{setting}", name, f"There are {', '.join(known)}.")
