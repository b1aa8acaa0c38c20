"""fastapi-users with a JWT in Authorization and its users in a dict: no revocation."""

from __future__ import annotations

from fastapi_users.authentication import BearerTransport

from benchmarks.apps.fastapi_users_application import application

app = application("bearer", BearerTransport("login"))
