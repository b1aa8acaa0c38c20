"""What a client may show, and what it is answered: the same rows for every client there is.

Grace is logged in with a cookie, the tokens are Ada's: so whoever is answered tells which credential was believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

ADA, GRACE = "ada@example.com", "grace@example.com"
PATHS = {"GET": "/api/me", "POST": "/api/do_thing"}

Outcome = tuple[int, str | None, str | None]
"""The status, the reason of a refusal, and whom the endpoint served."""


@dataclass(frozen=True, slots=True)
class Row:
    """One request: which bearer it shows, whether cookies and the CSRF token go with it, and what becomes of it.

    A program says nothing of where it comes from, a page's browser does so by itself.
    """

    method: str
    bearer: str | None
    cookies: bool
    csrf: bool
    from_a_program: Outcome
    from_a_page: Outcome

    @property
    def path(self) -> str:
        """Where it goes."""
        return PATHS[self.method]


def _serves(whom: str) -> Outcome:
    return 200, None, whom


def _refuses(status: int, reason: str) -> Outcome:
    return status, reason, None


def _row(said: str, method: str, shows: str, outcome: Outcome, page: Outcome | None = None) -> Any:
    words = set(shows.split())
    bearer = words - {"cookie", "csrf"}
    row = Row(
        method,
        bearer.pop() if bearer else None,
        "cookie" in words,
        "csrf" in words,
        outcome,
        page or outcome,
    )
    return pytest.param(row, id=said)


NOBODY = _refuses(401, "no_credential")
FORGED = _refuses(401, "token_malformed")
FORGED_JWT = _refuses(401, "jwt_signature")
UNASKED = _refuses(403, "csrf_token_missing")

ROWS = [
    _row("nothing gets", "GET", "", NOBODY),
    _row("nothing posts", "POST", "", NOBODY),
    _row("a token gets", "GET", "token", _serves(ADA)),
    _row("a token posts", "POST", "token", _serves(ADA)),
    _row("a jwt gets", "GET", "jwt", _serves(ADA)),
    _row("a jwt posts", "POST", "jwt", _serves(ADA)),
    _row("a cookie gets", "GET", "cookie", _serves(GRACE)),
    _row("a cookie posts", "POST", "cookie", UNASKED, _serves(GRACE)),
    _row("a cookie posts with its csrf token", "POST", "cookie csrf", _serves(GRACE)),
    _row("a token beside a cookie gets", "GET", "token cookie", _serves(ADA)),
    _row("a token beside a cookie posts", "POST", "token cookie", _serves(ADA)),
    _row("a jwt beside a cookie gets", "GET", "jwt cookie", _serves(ADA)),
    _row("a jwt beside a cookie posts", "POST", "jwt cookie", _serves(ADA)),
    _row("a forged token gets", "GET", "forged", FORGED),
    _row("a forged token posts", "POST", "forged", FORGED),
    _row("a forged token beside a good cookie gets", "GET", "forged cookie", FORGED),
    _row("a forged token beside a good cookie posts", "POST", "forged cookie csrf", FORGED),
    _row("a forged jwt beside a good cookie gets", "GET", "forged_jwt cookie", FORGED_JWT),
    _row("a forged jwt beside a good cookie posts", "POST", "forged_jwt cookie csrf", FORGED_JWT),
]
