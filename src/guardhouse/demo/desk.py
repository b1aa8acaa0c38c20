"""The login desk: reads what is handed in, throttles an account that is tried in vain, and answers person or program."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from guardhouse.core.answer import Refusal
from guardhouse.core.intended import local_path
from guardhouse.core.reasons import REASONS, Reason
from guardhouse.demo.books import PASSWORD
from guardhouse.demo.credentials import FORM, Credentials, media_type, read
from guardhouse.demo.pages import page
from guardhouse.edge.asgi import visit_of
from guardhouse.fastapi import Guardhouse
from guardhouse.gate.refused import Refused, refused
from guardhouse.gate.visit import Visit
from guardhouse.limits import LoginThrottle
from guardhouse.users.memory import User

NOTHING_HANDED = Credentials("", "")


class Desk:
    """What `/login` and `/logout` do."""

    def __init__(self, house: Guardhouse[User], throttle: LoginThrottle) -> None:
        self._house = house
        self._throttle = throttle

    def login_page(self, request: Request) -> Response:
        """Show the form; it works without JavaScript."""
        return self._form(request, 200, "", request.query_params.get("next"), "")

    async def log_in(self, request: Request) -> Response:
        """Answer a login: the user to a program, the page that was wanted to a person."""
        # Before the body is read: the CSRF token may be in it.
        await self._house.auth(request, "web").check_origin()
        visit = visit_of(request, self._house)
        form = media_type(request) == FORM
        handed = NOTHING_HANDED
        try:
            handed = await read(request)
            user = await self._attempt(request, handed, visit)
        except Refused as error:
            if not (form and visit.facts.navigation):
                raise
            return self._again(request, handed, error)
        if form:
            return RedirectResponse(await self._intended(request, handed), 303)
        return JSONResponse({"user": {"id": user.id, "email": user.email}})

    async def log_out(self, request: Request) -> Response:
        """End the session here and on the server."""
        await self._house.auth(request, "web").logout()
        form = media_type(request) == FORM
        response = RedirectResponse("/", 303) if form else Response(status_code=204)
        # Not "cookies": cookies know no port, and that would log this machine out of every other application on it.
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response

    async def _attempt(self, request: Request, handed: Credentials, visit: Visit) -> User:
        wait = await self._throttle.take(visit, handed.email)
        if wait is not None:
            refusal = Refusal(Reason.LOGIN_THROTTLED, "login", retry_after=wait.seconds)
            raise await refused(visit, refusal)
        credentials = {"email": handed.email, "password": handed.password}
        user = await self._house.auth(request, "web").attempt(credentials, remember=handed.remember)
        if user is None:
            raise await refused(visit, Refusal(Reason.LOGIN_FAILED, "login"))
        await self._throttle.forgive(visit, handed.email)
        return user

    def _again(self, request: Request, handed: Credentials, error: Refused) -> Response:
        """Show the form again, with one text for an unknown account and a wrong password."""
        said = REASONS[error.refusal.reason].title
        wanted = handed.next or request.query_params.get("next")
        response = self._form(request, error.status_code, said, wanted, handed.email)
        response.headers.update(error.headers or {})
        return response

    def _form(self, request: Request, status: int, said: str, wanted: str | None, email: str) -> Response:
        token = self._house.csrf_token(request)
        next_page = local_path(wanted) or ""
        return page(
            "login.html", status, csrf_token=token, next=next_page, email=email, said=said, password=PASSWORD
        )

    async def _intended(self, request: Request, handed: Credentials) -> str:
        wanted = local_path(handed.next) or local_path(request.query_params.get("next"))
        return wanted or (await self._house.session(request)).intended("/")
