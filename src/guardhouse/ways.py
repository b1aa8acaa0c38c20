"""The ways in of one session guard: put together once, checked, and laid out as routes of an application."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Generic, TypeVar, cast, get_args
from urllib.parse import urlsplit

from starlette.applications import Starlette

from guardhouse.core.origin import TOKEN_FIELD
from guardhouse.core.weakness import Policy
from guardhouse.desks.invite import invite
from guardhouse.desks.kit import Kit, Lifetimes, MagicLinks
from guardhouse.desks.otp_app import issuer_of
from guardhouse.desks.outbox import Outbox
from guardhouse.desks.remembering import Remembering
from guardhouse.edge.ways.pages import Pages
from guardhouse.edge.ways.routes import route_of
from guardhouse.edge.ways.table import WAYS
from guardhouse.edge.ways.way import Way, lacking
from guardhouse.errors import ConfigError
from guardhouse.guards.session import SessionGuard
from guardhouse.house import Guardhouse
from guardhouse.limits import LoginThrottle
from guardhouse.mail.link import link_to
from guardhouse.mail.mailer import Mailer, refuse_in_production
from guardhouse.templates.environment import Templates
from guardhouse.users.policy import SHORTEST, NewPasswords, PasswordPolicy
from guardhouse.vault.totp import SEED_BYTES, provisioning_uri

U = TypeVar("U")

__all__ = ["Lifetimes", "Ways"]


class Ways(Generic[U]):
    """All ways in and out of one session guard: login, register, reset, second factors, passkeys, and what belongs to them.

    A way is offered where the house has what it needs: users that can be changed, a store that keeps enrolments, mail.
    `without` names those to leave out, `paths` moves one, `replace` puts one of yours in the place of the one with its
    name, or adds it. `require_second_factor` says who must have one, and leads him to enrol it
    after his password. `mail` sends letters, at once or from an outbox of yours; their links begin with `public_url`, never with a Host header. Raises
    `ConfigError` for everything that cannot work.

    Who ticks *remember me* gets a cookie of its own for this browser, where the store keeps enrolments; with
    `remember=False` his session lasts longer instead, as `SessionPolicy` says.
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
        address_field: str = "email",
        register_fields: Sequence[str] = (),
        register_logs_in: bool = False,
        magic_links: MagicLinks = "off",
        pace: timedelta = timedelta(milliseconds=250),
        remember: bool = True,
    ) -> None:
        self._base = _base(house, public_url, mail)
        self.kit = Kit(
            house=house,
            guard=_session_guard(house, guard),
            outbox=_outbox(house, mail),
            policy=passwords or NewPasswords(PasswordPolicy(words=_words(app_name, self._base))),
            throttle=throttle or LoginThrottle(house.limits),
            url_of=self.url_of,
            offers=lambda name: name in self.paths,
            app_name=app_name,
            lifetimes=lifetimes or Lifetimes(),
            must_verify=must_verify,
            login_field=login_field,
            factor_required=_whoever(require_second_factor),
            address_field=address_field,
            register_fields=_fields(register_fields, login_field),
            register_logs_in=register_logs_in,
            magic_links=_links(magic_links),
            pace=pace,
        )
        _keep_logged_in(self.kit, asked_for=remember)
        self.ways, self.paths = self._laid_out(self._offered(without, replace), prefix, paths)
        self._templates, self.pages = self._written(templates, pages=pages)

    def _written(self, templates: Templates | None, *, pages: bool) -> tuple[Templates | None, Pages | None]:
        """Find what pages and letters are written with, where there are any."""
        used = (templates or Templates()) if pages or self.kit.outbox is not None else None
        return used, Pages(used, self.paths, self._texts()) if pages and used is not None else None

    def url_of(self, name: str, query: Mapping[str, str] | None = None) -> str:
        """Write the address of a way as browsers reach it."""
        if name not in self.paths:
            raise ConfigError(
                "ways", name, "A letter would lead there, and it is left out: leave out what sends it, too."
            )
        return link_to(self._base, self.paths[name], query)

    def install(self, app: Starlette) -> None:
        """Lay the ways out as routes, before the house is installed."""
        app.router.routes += [
            route_of(self.kit, way, self.paths[way.name], self.pages, self._templates) for way in self.ways
        ]
        if self.kit.outbox is not None:
            app.router.lifespan_context = _closing(self.kit.outbox, app.router.lifespan_context)

    async def invite(self, address: str, *, language: str = "") -> bool:
        """Ask somebody in: a letter whose link opens an account at this address, with a password that he chooses.

        False, and no letter, where somebody logs in by that address already. Raise `ValueError` for what is no address.
        """
        return await invite(self.kit, address, language)

    def _texts(self) -> Mapping[str, object]:
        """Return what every page is told."""
        return {
            "app_name": self.kit.app_name,
            "home": self.kit.house.home_url,
            "login_field": self.kit.login_field,
            "login_label": "E-mail" if self.kit.login_field == "email" else "User name",
            "login_type": "email" if self.kit.login_field == "email" else "text",
            "address_field": self.kit.address_field,
            "register_fields": self.kit.register_fields,
            "field_labels": {name: _label(name) for name in self.kit.register_fields},
            "same_browser": self.kit.magic_links == "same-browser",
            "password_hint": f"At least {SHORTEST} characters. Several words are good.",
        }

    def _laid_out(
        self, offered: Sequence[Way], prefix: str, paths: Mapping[str, str]
    ) -> tuple[Sequence[Way], Mapping[str, str]]:
        """Say which ways there are and where each lies. No letter may lead to one that is not there."""
        laid = {way.name: f"{prefix}{paths.get(way.name, way.where)}" for way in offered}
        _refuse_unknown("paths", paths, laid)
        _refuse_dead_ends(offered, self.kit, laid)
        return offered, laid

    def _offered(self, without: Sequence[str], replace: Sequence[Way]) -> Sequence[Way]:
        own = {way.name: way for way in replace}
        known = {way.name: way for way in WAYS} | own
        _refuse_unknown("without", without, known)
        offered = [way for name, way in known.items() if name not in without and not lacking(self.kit, way)]
        _check_factors(self.kit, {way.name for way in offered})
        return offered


def _base(house: Guardhouse[Any], public_url: str | None, mail: Mailer | Outbox | None) -> str:
    own = sorted(house.parts.origins.own)
    if public_url is None and len(own) == 1:
        return own[0].decode()
    if public_url is None and mail is not None:
        fix = "Letters need one address to lead to, and the Host header is a stranger's word: Ways(public_url='https://...')."
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


def _check_factors(kit: Kit, offered: set[str]) -> None:
    """Refuse a second factor that nobody could enrol, or that no app could show."""
    needed = {"two-factor", "two-factor-required"}
    if kit.factor_required is not None and not needed <= offered:
        fix = "Nobody could give one, or enrol a first one: use a store that keeps enrolments, and leave these ways in."
        raise ConfigError("require_second_factor", f"without {', '.join(sorted(needed - offered))}", fix)
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
