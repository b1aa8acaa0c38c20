"""fastapi-users with a JWT in a cookie and its users in a dict: no revocation, no CSRF check."""

from __future__ import annotations

from fastapi_users.authentication import CookieTransport

from benchmarks.apps.fastapi_users_application import application

app = application("cookie", CookieTransport(cookie_max_age=3600))
