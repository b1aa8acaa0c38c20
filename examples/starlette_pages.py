"""Pages with a login form, in Starlette: a guest is sent to the login and comes back to the page that was wanted.

The form carries a CSRF token for browsers that name no origin. Flashed messages live in the session, which exists
only for those who log in or are told something. Forms need `python-multipart`, as always in Starlette.

    pip install 'guardhouse' python-multipart uvicorn
    APP_KEY=$(guardhouse secret) uvicorn starlette_pages:app
"""

import os
from html import escape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from guardhouse import MemoryUsers, Passwords, User
from guardhouse.starlette import Guardhouse

passwords = Passwords()
ada = User(
    id="1", email="ada@example.com", password_hash=passwords.hasher.hash("correct horse battery staple")
)

house = Guardhouse(
    secret=os.environ["APP_KEY"],
    users=MemoryUsers([ada]),
    passwords=passwords,
    login_url="/login",
    explain="full",
    debug=True,
)


@house.public
async def login_page(request: Request) -> Response:
    """Show the form; `next` is where the guest wanted to go."""
    return login_form(request, request.query_params.get("next", "/account"))


@house.public
async def login(request: Request) -> Response:
    """Log in and go on, or say that it failed; never which half of the credentials was wrong."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    user = await house.auth(request).attempt(
        {"email": form.get("email", ""), "password": form.get("password", "")}
    )
    if user is None:
        return login_form(request, form.get("next", ""), status=422, said="These credentials do not match.")
    session = await house.session(request)
    session.flash("said", f"Welcome, {user.email}.")
    session.intend(form.get("next", ""))  # keeps paths of this application only, so nobody is led elsewhere
    return RedirectResponse(session.intended("/account"), status_code=303)


@house.requires()
async def account(request: Request) -> Response:
    """Greet somebody who is logged in. Without names, the default guard is asked."""
    user = await house.user(request)
    said = (await house.session(request)).flashed("said", "")
    return HTMLResponse(
        f"<p>{escape(said)}</p><h1>{escape(user.email)}</h1>{form(request, '/logout', 'Log out')}"
    )


@house.public
async def logout(request: Request) -> Response:
    """End the login. The session id is dead at once, here and on every machine that shares the store."""
    await house.auth(request).logout()
    return RedirectResponse("/login", status_code=303)


def login_form(request: Request, wanted: str, status: int = 200, said: str = "") -> Response:
    """Write the login page."""
    fields = (
        f'<input type="hidden" name="next" value="{escape(wanted)}">'
        '<input name="email" type="email"><input name="password" type="password">'
    )
    return HTMLResponse(f"<p>{escape(said)}</p>{form(request, '/login', 'Log in', fields)}", status)


def form(request: Request, action: str, button: str, fields: str = "") -> str:
    """Write a form with its CSRF token."""
    token = f'<input type="hidden" name="_token" value="{house.csrf_token(request)}">'
    return f'<form method="post" action="{action}">{token}{fields}<button>{button}</button></form>'


app = Starlette(
    routes=[
        Route("/login", login_page),
        Route("/login", login, methods=["POST"]),
        Route("/logout", logout, methods=["POST"]),
        Route("/account", account),
    ]
)
house.install(app)
