"""The adapter to Authlib, which has no types: writes the address of a login, and changes a code for tokens.

Authlib knows the grant, PKCE and the ways to prove who the client is; state, nonce, issuer and the life of an attempt are ours,
because its own layer for Starlette forgets the login of the other tab and does not read `iss` (RFC 9207).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from msgspec import Struct

from guardhouse.core.reason import Reason
from guardhouse.issuers.discovery import Endpoints
from guardhouse.issuers.providers import ForeignProvider, OAuth2Provider
from guardhouse.issuers.wire import Wire, value_of
from guardhouse.state.foreign import ForeignRefusal
from guardhouse.state.started import Started

__all__ = ["Tokens", "authorize_url", "exchange"]

_OK, _WRONG, _BROKEN = 200, 400, 500
_CODE = ("invalid_grant", "bad_verification_code")
"""The second is GitHub's word for it."""
_AWAY = ("server_error", "temporarily_unavailable")


class Tokens(Struct, frozen=True):
    """What a code was changed for."""

    access: str
    id: str | None = None

    def __repr__(self) -> str:
        return "Tokens(hidden)"


def authorize_url(provider: ForeignProvider, endpoints: Endpoints, started: Started) -> str:
    """Write where the browser goes to log in."""
    from authlib.oauth2 import (  # type: ignore[import-untyped]  # noqa: PLC0415 - the extra `social`
        rfc6749,
        rfc7636,
    )

    written, challenge = cast("Any", rfc6749).parameters, cast("Any", rfc7636).create_s256_code_challenge
    url: str = written.prepare_grant_uri(
        endpoints.authorize,
        client_id=provider.client_id,
        response_type="code",
        redirect_uri=started.redirect_uri,
        scope=" ".join(provider.scopes) or None,
        state=started.state,
        code_challenge=challenge(started.verifier),
        code_challenge_method="S256",
        **_openid(provider, started),
        **provider.params,
    )
    return url


async def exchange(
    provider: ForeignProvider, endpoints: Endpoints, started: Started, code: str, wire: Wire
) -> Tokens | ForeignRefusal:
    """Change the code for tokens. Raise `OSError` or `ValueError` where the login server gives no answer that can be read."""
    from authlib.integrations.base_client import (  # type: ignore[import-untyped]  # noqa: PLC0415 - the extra `social`
        OAuthError,
    )

    try:
        async with wire.bounded(), _client(provider, endpoints, wire.settings()) as client:
            said: Any = await client.fetch_token(
                endpoints.token,
                grant_type="authorization_code",
                code=code,
                redirect_uri=started.redirect_uri,
                code_verifier=started.verifier,
            )
    except OAuthError as error:
        return _refusal(cast("Any", error).error)
    return _tokens(said)


def _tokens(said: object) -> Tokens | ForeignRefusal:
    answer: Mapping[str, Any] = cast("Mapping[str, Any]", said) if isinstance(said, dict) else {}
    access, identity = answer.get("access_token"), answer.get("id_token")
    if not _visible(access):
        return ForeignRefusal(Reason.FOREIGN_TOKEN, {"problem": "access_token"})
    if not isinstance(identity, str | None):
        return ForeignRefusal(Reason.FOREIGN_TOKEN, {"problem": "id_token"})
    return Tokens(cast("str", access), identity)


def _visible(text: object) -> bool:
    """Whether it can stand in a header (RFC 6750 2.1, as far as it goes)."""
    return isinstance(text, str) and bool(text) and text.isascii() and text.isprintable() and " " not in text


def _refusal(error: object) -> ForeignRefusal:
    if error in _CODE:
        return ForeignRefusal(Reason.FOREIGN_CODE)
    if error in _AWAY:
        return ForeignRefusal(
            Reason.FOREIGN_UNAVAILABLE, {"trouble": "it says itself that it is out of order"}
        )
    return ForeignRefusal(Reason.FOREIGN_CLIENT, {"problem": "It did not change the code for tokens"})


def _openid(provider: ForeignProvider, started: Started) -> dict[str, str]:
    if isinstance(provider, OAuth2Provider):
        return {}
    asked = {"nonce": started.nonce}
    if provider.max_age is not None:
        asked["max_age"] = str(int(provider.max_age.total_seconds()))
    if provider.acr:
        asked["acr_values"] = " ".join(provider.acr)
    return asked


def _client(provider: ForeignProvider, endpoints: Endpoints, settings: Mapping[str, Any]) -> Any:  # noqa: ANN401 - Authlib has no types
    from authlib.integrations.httpx_client import (  # type: ignore[import-untyped]  # noqa: PLC0415 - as above
        AsyncOAuth2Client,
    )

    secret = provider.client_secret
    client: Any = AsyncOAuth2Client(
        client_id=provider.client_id,
        client_secret=secret.reveal().decode() if secret is not None else None,
        token_endpoint_auth_method=_method(provider, endpoints),
        **settings,
    )
    client.register_compliance_hook("access_token_response", _refuse_odd)
    return client


def _refuse_odd(response: Any) -> Any:  # noqa: ANN401 - as above
    """Read tokens of a 200, errors of a 4xx (RFC 6749 5.2), and nothing of a redirect, or of what is no JSON."""
    if response.status_code != _OK and not _WRONG <= response.status_code < _BROKEN:
        raise ValueError(f"it answered {response.status_code}")
    value_of(response.content)
    return response


def _method(provider: ForeignProvider, endpoints: Endpoints) -> str:
    """Choose how to prove that we are the client: as the application says, or the first of ours that is taken there."""
    if provider.client_secret is None:
        return "none"
    if provider.client_auth is not None:
        return provider.client_auth
    known = ("client_secret_basic", "client_secret_post")
    return next((one for one in known if one in endpoints.client_auths), known[0])
