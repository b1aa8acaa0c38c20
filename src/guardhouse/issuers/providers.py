"""A foreign login server as the application describes it: what OpenID Connect discovers, or each address where there is none."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import timedelta
from re import compile as pattern
from typing import Literal, TypeAlias, cast
from urllib.parse import urlsplit

from guardhouse.errors import ConfigError
from guardhouse.vault.jws import HMACS, KINDS
from guardhouse.vault.secret import Secret

__all__ = ["ForeignProvider", "OAuth2Provider", "OpenIdProvider", "github", "label_of", "secure"]

ClientAuth: TypeAlias = Literal["client_secret_basic", "client_secret_post", "none"]
CLIENT_AUTHS: tuple[ClientAuth, ...] = ("client_secret_basic", "client_secret_post", "none")

OURS = frozenset(
    {
        *("client_id", "code_challenge", "code_challenge_method", "nonce", "redirect_uri", "request", "request_uri"),
        *("response_mode", "response_type", "scope", "state", "max_age", "acr_values"),
    }
)  # fmt: skip
"""What only we put into the address of a login. `response_mode=form_post` above all: a POST of another site comes without
the cookie of the session that began, and with one that is sent everywhere, others could finish what they began."""

_NAME = pattern(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?").fullmatch
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class OpenIdProvider:
    """A login server that speaks OpenID Connect; all its addresses are found under `issuer`.

    `max_age` asks for a login that is not older, and `acr` for one of these strengths; both are checked when it comes back.
    `trusted_domains` are the mail domains of whose addresses this server may say that they are somebody's, so that a verified
    one links to an account of the same verified address. None by default: then people log in first, and link afterwards.
    """

    name: str
    issuer: str
    client_id: str
    client_secret: Secret | None = None
    _: KW_ONLY
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    params: Mapping[str, str] = field(default_factory=dict[str, str])
    max_age: timedelta | None = None
    acr: tuple[str, ...] = ()
    algorithms: tuple[str, ...] = ("RS256", "PS256", "ES256", "EdDSA")
    trusted_domains: frozenset[str] = frozenset()
    trusted_factors: frozenset[str] = frozenset()
    """What it says as `amr` or `acr`, such as `mfa`, where it asked for two factors, and is believed. Nothing by default: then
    who has a second factor here is asked for it here."""
    label: str = ""
    """What people call it; its name, if nothing is said."""
    client_auth: ClientAuth | None = None
    """How to prove that we are the client; by default what the login server says that it takes."""

    def __post_init__(self) -> None:
        _refuse_common(self)
        if "openid" not in self.scopes:
            raise ConfigError(f"{self.name} scopes", self.scopes, "OpenID Connect needs the scope openid.")
        wrong = [one for one in self.algorithms if one in HMACS or one not in KINDS]
        if wrong or not self.algorithms:
            fix = f"An ID token is signed with a key pair: {', '.join(KINDS)}."
            raise ConfigError(f"{self.name} algorithms", wrong or self.algorithms, fix)
        if isinstance(cast("object", self.trusted_factors), str):
            fix = "Write them in a set: frozenset({'mfa'})."
            raise ConfigError(f"{self.name} trusted_factors", self.trusted_factors, fix)
        if self.max_age is not None and self.max_age < timedelta():
            raise ConfigError(f"{self.name} max_age", self.max_age, "A login cannot be of the future.")


@dataclass(frozen=True, slots=True)
class OAuth2Provider:
    """A login server that speaks OAuth 2.0 only, such as GitHub: whom it means is asked for at `userinfo`.

    `issuer` is the name under which its subjects are kept: what it says as `iss` where it says that (RFC 9207), else the
    address of the server. It is never changed afterwards. `emails` is where it lists addresses with what it knows of them;
    without that no address is taken, because nothing says that it was verified.
    """

    name: str
    issuer: str
    client_id: str
    client_secret: Secret | None = None
    _: KW_ONLY
    authorize: str
    token: str
    userinfo: str
    emails: str | None = None
    subject: str = "id"
    """The field of `userinfo` that never changes and is never given to somebody else. A login name is not that."""
    scopes: tuple[str, ...] = ()
    params: Mapping[str, str] = field(default_factory=dict[str, str])
    trusted_domains: frozenset[str] = frozenset()
    label: str = ""
    client_auth: ClientAuth | None = None

    def __post_init__(self) -> None:
        _refuse_common(self)
        for what in ("authorize", "token", "userinfo", "emails"):
            url: str | None = getattr(self, what)
            if url is not None and not secure(url, self.issuer):
                raise ConfigError(f"{self.name} {what}", url, _FIX_URL)


ForeignProvider: TypeAlias = OpenIdProvider | OAuth2Provider


def label_of(provider: ForeignProvider) -> str:
    """Say what people call it."""
    return provider.label or provider.name.replace("-", " ").title()


def github(
    client_id: str,
    client_secret: Secret | None,
    *,
    name: str = "github",
    trusted_domains: Collection[str] = (),
) -> OAuth2Provider:
    """Describe GitHub: its numbers are the subjects, and addresses are taken where GitHub says that they are verified."""
    return OAuth2Provider(
        name,
        "https://github.com/login/oauth",  # what it says as `iss`, since 2026
        client_id,
        client_secret,
        authorize="https://github.com/login/oauth/authorize",
        token="https://github.com/login/oauth/access_token",  # noqa: S106 - an address
        userinfo="https://api.github.com/user",
        emails="https://api.github.com/user/emails",
        scopes=("read:user", "user:email"),
        trusted_domains=frozenset(trusted_domains),
        label="GitHub",
        client_auth="client_secret_post",
    )


_FIX_URL = "Write an https address without a fragment; http only to this machine, and only where the issuer is there too."


def secure(url: object, issuer: str | None = None) -> bool:
    """Whether an address may be asked: https, or http to this machine; an issuer elsewhere may not send us to this machine."""
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.fragment or url.endswith("#") or "@" in parts.netloc:
        return False
    if parts.scheme == "https":
        return True
    loopback = parts.scheme == "http" and host in _LOOPBACK
    return loopback and (issuer is None or urlsplit(issuer).scheme == "http")


def _refuse_common(provider: OpenIdProvider | OAuth2Provider) -> None:
    name = provider.name
    if not _NAME(name):
        fix = "Write up to 32 small letters, digits and hyphens: it stands in addresses."
        raise ConfigError("login server name", name, fix)
    if not secure(provider.issuer) or "?" in provider.issuer:
        fix = "Write it as the login server does, with https and without a query: https://login.example.com."
        raise ConfigError(f"{name} issuer", provider.issuer, fix)
    if not provider.client_id:
        raise ConfigError(
            f"{name} client_id", "", "Write the id that the login server gave to this application."
        )
    _refuse_auth(provider)
    if isinstance(cast("object", provider.scopes), str):
        raise ConfigError(f"{name} scopes", provider.scopes, "Write them in a tuple: scopes=('openid',).")
    taken = OURS & provider.params.keys()
    if taken:
        fix = "That is not for the application to say; `max_age`, `acr` and `scopes` have settings of their own."
        raise ConfigError(f"{name} params", sorted(taken), fix)
    if isinstance(cast("object", provider.trusted_domains), str):
        fix = "Write them in a set: frozenset({'example.com'})."
        raise ConfigError(f"{name} trusted_domains", provider.trusted_domains, fix)
    odd = [domain for domain in provider.trusted_domains if not _domain(domain)]
    if odd:
        fix = "Write the part behind the @, in small letters: example.com."
        raise ConfigError(f"{name} trusted_domains", odd, fix)


def _refuse_auth(provider: OpenIdProvider | OAuth2Provider) -> None:
    name, secret, auth = provider.name, provider.client_secret, provider.client_auth
    if not isinstance(cast("object", secret), Secret | None):
        # What was handed in is the secret itself, so its kind is all that is said of it.
        raise ConfigError(f"{name} client_secret", type(secret).__name__, "Hide it: Secret(...).")
    if secret is not None and not (secret.reveal() and secret.reveal().isascii()):
        fix = "Write the secret as the login server gave it; None is for a client without one."
        raise ConfigError(f"{name} client_secret", "nothing, or more than ASCII", fix)
    if auth is not None and auth not in CLIENT_AUTHS:
        raise ConfigError(f"{name} client_auth", auth, f"It is one of: {', '.join(CLIENT_AUTHS)}.")
    if auth is not None and (auth == "none") is not (secret is None):
        fix = "A client with a secret sends it, and one without has client_auth='none'."
        raise ConfigError(f"{name} client_auth", auth, fix)


def _domain(text: str) -> bool:
    return bool(text) and text == text.lower() and "@" not in text and "." in text.strip(".")
