"""The API of a single-page application that is served from another origin, with axios as it comes.

    axios.defaults.withCredentials = true    // the cookie goes along to the other origin
    await axios.post('https://api.example.com/login', {email, password})
    await axios.post('https://api.example.com/api/do_thing')

The front end is trusted by name, once for CSRF and once for CORS. Its origin and the API's must be of one site
(`app.example.com` and `api.example.com`, or two ports of localhost), for the cookie is SameSite=Lax. On the *same*
origin none of this is needed: no CORS, no trusted origin, no setting of axios, which sends the XSRF-TOKEN cookie
back by itself.

    pip install 'guardhouse' uvicorn
    APP_KEY=$(guardhouse secret) uvicorn single_page_app:app
"""

import os

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from guardhouse import Area, MemoryUsers, Passwords, SessionGuard, User
from guardhouse.starlette import Guardhouse

FRONT_ENDS = ["https://app.example.com", "http://localhost:5173"]

passwords = Passwords()
ada = User(
    id="1", email="ada@example.com", password_hash=passwords.hasher.hash("correct horse battery staple")
)

house = Guardhouse(
    secret=os.environ["APP_KEY"],
    users=MemoryUsers([ada]),
    passwords=passwords,
    guards={"session": SessionGuard()},
    areas={"api": Area(guards=("session",), answers="json")},  # never a redirect to a login page
    trusted_origins=FRONT_ENDS,
    explain="full",
    debug=True,
)


@house.public
async def login(request: Request) -> Response:
    """Log in; the answer sets the session cookie, and the XSRF-TOKEN cookie that goes with it."""
    user = await house.auth(request).attempt(await request.json())
    return JSONResponse({"email": user.email} if user else {"error": "no match"}, 200 if user else 422)


@house.public
async def logout(request: Request) -> Response:
    """End the login."""
    await house.auth(request).logout()
    return Response(status_code=204)


@house.requires("api")
async def do_thing(request: Request) -> Response:
    """Do the thing."""
    return JSONResponse({"done by": (await house.user(request)).email})


app = Starlette(
    routes=[
        Route("/login", login, methods=["POST"]),
        Route("/logout", logout, methods=["POST"]),
        Route("/csrf-cookie", house.csrf_cookie),
        Route("/api/do_thing", do_thing, methods=["POST"]),
    ],
    middleware=[
        Middleware(
            CORSMiddleware,
            allow_origins=FRONT_ENDS,
            allow_credentials=True,
            allow_methods=["GET", "POST"],
            allow_headers=["Content-Type", "X-XSRF-TOKEN"],
            expose_headers=["Guardhouse-Reason"],
        )
    ],
)
house.install(app)
