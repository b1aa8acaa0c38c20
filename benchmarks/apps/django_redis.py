"""Django on ASGI with its sessions in its cache, the cache in Redis, and one user that no database is asked for."""

from __future__ import annotations

import os
from typing import Any

import django
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["*"],
    AUTHENTICATION_BACKENDS=[f"{__name__}.OneUser"],
    CACHES={
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": os.environ["GUARDHOUSE_BENCH_REDIS"],
        }
    },
    CSRF_COOKIE_SECURE=True,
    CSRF_TRUSTED_ORIGINS=["https://bench.example"],
    DATABASES={},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"],
    LOGGING_CONFIG=None,
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY="a secret of the benchmark, fifty characters and more, for Django asks for that",  # noqa: S106
    SESSION_COOKIE_SECURE=True,
    SESSION_ENGINE="django.contrib.sessions.backends.cache",
)
django.setup()

from django.contrib.auth import alogin  # noqa: E402 - Django's models want its settings first
from django.contrib.auth.models import User  # noqa: E402 - as above
from django.core.asgi import get_asgi_application  # noqa: E402 - as above
from django.middleware.csrf import get_token  # noqa: E402 - as above
from django.views.decorators.csrf import csrf_exempt  # noqa: E402 - as above

user_logged_in.disconnect(dispatch_uid="update_last_login")  # it would write to the database
ADA = User(pk=42, username="ada@example.com", password="!")  # noqa: S106 - nobody can log in by it


class OneUser:
    """Where users come from."""

    async def aget_user(self, user_id: int) -> User | None:
        """Find by id."""
        return ADA if user_id == ADA.pk else None

    def get_user(self, user_id: int) -> User | None:
        """Find by id."""
        return ADA if user_id == ADA.pk else None


@csrf_exempt
async def login(request: HttpRequest) -> HttpResponse:
    """Remember the user."""
    await alogin(request, ADA, f"{__name__}.OneUser")
    return JsonResponse({})


async def me(request: Any) -> HttpResponse:  # noqa: ANN401 - the middleware has given it its user
    """Answer who is logged in."""
    user = await request.auser()
    if not user.is_authenticated:
        return HttpResponse(status=401)
    if "csrftoken" not in request.COOKIES:
        get_token(request)
    return JsonResponse({"id": user.pk})


async def answer(_: HttpRequest) -> HttpResponse:
    """Answer everybody."""
    return JsonResponse({"id": 42})


urlpatterns = [path("me", me), path("do", me), path("open", answer), path("login", login)]
app = get_asgi_application()
