"""A login server next door: the least that OpenID Connect asks for, so that the demo shows a login elsewhere by itself.

It believes whoever says who he is, so it is for this machine only. What it does keep to is what a client relies on: a code
is for one client, one address and one verifier, lives for a minute and is used once (RFC 6749 4.1.3, RFC 7636).
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable, Collection, Mapping
from hashlib import sha256
from hmac import compare_digest
from secrets import token_urlsafe
from urllib.parse import parse_qsl, urlencode

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import ECKey
from msgspec import Struct
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from guardhouse.demo.pages import listed
from guardhouse.edge.bodies import read_bounded
from guardhouse.vault.jws import Key, sign

KID = "next-door"
MINUTE = 60
MOST_CODES = 1000
"""How many logins may be under way; the oldest gives way."""
LONGEST_FORM = 8 * 1024


class Neighbour(Struct, frozen=True):
    """Somebody who has an account at the login server."""

    name: str
    email: str
    what: str
    """What becomes of him at the demo."""
    verified: bool = True

    def claims(self) -> Mapping[str, object]:
        """Say of him what the demo may know."""
        subject = sha256(self.email.encode()).hexdigest()[:16]
        return {"sub": subject, "name": self.name, "email": self.email, "email_verified": self.verified}


PEOPLE: Mapping[str, Neighbour] = {
    "joan": Neighbour("Joan", "joan@example.com", "is new to the demo and gets an account there"),
    "ada": Neighbour(
        "Ada", "ada@example.com", "has an account there already: logged in to it, she can link this login"
    ),
    "kim": Neighbour(
        "Kim", "kim@example.com", "never showed that the address is Kim's, and is not let in", verified=False
    ),
}
NOBODY = {"who": "Nobody", "email": "", "what": "goes back without having logged in"}


class Granted(Struct, frozen=True):
    """What a code stands for."""

    who: str
    redirect_uri: str
    challenge: str
    nonce: str
    ends: float


class NextDoor:
    """The login server at `url`, for one client that it sends people back to at these addresses only."""

    def __init__(
        self, url: str, client_id: str, redirect_uris: Collection[str], clock: Callable[[], float]
    ) -> None:
        self.url = url
        self._client_id = client_id
        self._redirect_uris = frozenset(redirect_uris)
        self._clock = clock
        pair = ec.generate_private_key(ec.SECP256R1())
        pem = pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self._key = Key.of(pem, "ES256", KID)
        self._published = ECKey.import_key(pem).as_dict(private=False) | {
            "kid": KID,
            "alg": "ES256",
            "use": "sig",
        }
        self._codes: dict[str, Granted] = {}
        self.app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._metadata),
                Route("/keys", self._keys),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
            ]
        )

    async def _metadata(self, _: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
                "token_endpoint_auth_methods_supported": ["none"],
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def _keys(self, _: Request) -> Response:
        return JSONResponse({"keys": [self._published]})

    async def _authorize(self, request: Request) -> Response:
        """Ask who it is, and send him back with a code; who asks for another client or address is never sent anywhere."""
        asked = dict(request.query_params)
        if not self._known(asked):
            return JSONResponse({"error": "invalid_request"}, 400)
        who = asked.pop("who", "")
        if who == "nobody":
            return self._back(asked, error="access_denied")
        if who in PEOPLE:
            return self._back(asked, code=self._grant(who, asked))
        people = [{"who": one.name, "email": one.email, "what": one.what} for one in PEOPLE.values()]
        rows = zip((*PEOPLE, "nobody"), (*people, NOBODY), strict=True)
        links = [{"link": f"?{urlencode(asked | {'who': key})}", **row} for key, row in rows]
        return listed("next_door.html", "neighbour.html", links, empty="")

    def _known(self, asked: Mapping[str, str]) -> bool:
        return (
            asked.get("client_id") == self._client_id
            and asked.get("redirect_uri") in self._redirect_uris
            and (asked.get("response_type"), asked.get("code_challenge_method")) == ("code", "S256")
            and bool(asked.get("code_challenge") and asked.get("nonce") and asked.get("state"))
        )

    def _grant(self, who: str, asked: Mapping[str, str]) -> str:
        while len(self._codes) >= MOST_CODES:
            del self._codes[next(iter(self._codes))]
        code, ends = token_urlsafe(32), self._clock() + MINUTE
        self._codes[code] = Granted(who, asked["redirect_uri"], asked["code_challenge"], asked["nonce"], ends)
        return code

    def _back(self, asked: Mapping[str, str], **said: str) -> Response:
        query = urlencode({**said, "state": asked["state"], "iss": self.url})
        return RedirectResponse(f"{asked['redirect_uri']}?{query}", 303)

    async def _token(self, request: Request) -> Response:
        """Change a code for an ID token."""
        form = dict(parse_qsl((await read_bounded(request, LONGEST_FORM)).decode("latin-1")))
        granted = self._codes.pop(form.get("code", ""), None)
        if granted is None or not self._fits(granted, form):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(self._clock())
        claims = {"iss": self.url, "aud": self._client_id, "iat": now, "exp": now + MINUTE, "auth_time": now}
        token = sign(self._key, "JWT", {**claims, "nonce": granted.nonce, **PEOPLE[granted.who].claims()})
        said = {
            "access_token": token_urlsafe(16),
            "token_type": "Bearer",
            "expires_in": MINUTE,
            "id_token": token,
        }
        return JSONResponse(said, headers={"Cache-Control": "no-store"})

    def _fits(self, granted: Granted, form: Mapping[str, str]) -> bool:
        digest = sha256(form.get("code_verifier", "").encode()).digest()
        challenge = urlsafe_b64encode(digest).rstrip(b"=").decode()
        return (
            form.get("grant_type") == "authorization_code"
            and form.get("client_id") == self._client_id
            and form.get("redirect_uri") == granted.redirect_uri
            and compare_digest(challenge, granted.challenge)
            and self._clock() < granted.ends
        )
