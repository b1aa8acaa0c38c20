"""Other origins: which page asks, what CORS lets it read, and how an origin is written."""

from __future__ import annotations

import os
from functools import partial

from starlette.middleware.cors import CORSMiddleware

from tests.causes.applications import SPA, Shop
from tests.causes.proof import FOUND, NAMED, PREVENTED, proves
from tests.causes.seeing import findings, refusal, stopped
from tests.causes.test_cookies import PAGES, journey
from tests.doctor.conftest import Examine
from tests.doctor.test_findings import cors
from tests.houses import starlette_house


@proves(
    8,
    NAMED,
    "csrf_origin_untrusted",
    origin="https://spa.example.com:8443",
    nearest="https://spa.example.com",
    differs="the port is 8443, the list has 443",
)
def test_a_front_end_at_another_port_is_named_with_the_nearest_trusted_one():
    shop = Shop("api", trusted_origins=[PAGES])
    page = shop.visitor(SPA | {"Origin": f"{PAGES}:8443"})
    return refusal(shop.house, partial(page.post, "/api"))


@proves(
    8, FOUND, "cors-origin-untrusted", where="CORSMiddleware(allow_origins)", says="http://localhost:5173"
)
def test_a_front_end_that_reads_and_may_not_write_is_found(examine: Examine):
    text = """
        house = Guardhouse(secret=key, **usual, public_url="http://localhost:8000")
        app = Starlette(routes=[Route("/login", house.public(login)),
            Route("/page", page, methods=["POST"], middleware=[house.layer()])], middleware=[Middleware(CORSMiddleware,
            allow_origins=["http://localhost:5173"], allow_credentials=True, allow_methods=["*"])])
        house.install(app)
        """
    return findings(examine(text))


@proves(9, PREVENTED, "trusted_origins", says="spa.example.com")
def test_a_trusted_origin_without_its_scheme_stops_the_start():
    return stopped(lambda: starlette_house(trusted_origins=["spa.example.com:3000"]))


@proves(9, PREVENTED, "trusted_origins", says="https://spa.example.com/")
def test_a_trusted_origin_with_a_path_stops_the_start():
    return stopped(lambda: starlette_house(trusted_origins=["https://spa.example.com/app"]))


@proves(
    9, FOUND, "cors-origin-malformed", where="CORSMiddleware(allow_origins)", says="https://App.example.com/"
)
def test_an_origin_of_cors_that_no_browser_writes_is_found(examine: Examine):
    return findings(
        examine(
            cors(
                'allow_origins=["https://app.example.com", "https://App.example.com/"], allow_credentials=True'
            )
        )
    )


@proves(11, PREVENTED, "trusted_origins", says="found ''")
def test_an_empty_list_of_origins_out_of_the_environment_stops_the_start():
    return stopped(lambda: starlette_house(trusted_origins=os.environ.get("NOT_SET", "").split(",")))


@proves(11, PREVENTED, "public_url", says="found ''")
def test_an_empty_public_url_stops_the_start():
    return stopped(lambda: starlette_house(public_url=""))


@proves(11, FOUND, "cors-origin-malformed", where="CORSMiddleware(allow_origins)", says="'' never matches")
def test_an_empty_origin_of_cors_is_found(examine: Examine):
    return findings(
        examine(
            cors(
                'allow_origins=os.environ.get("FRONT_ENDS", "").split(","), allow_credentials=True',
                trusted="",
            )
        )
    )


@proves(23, PREVENTED, "CORSMiddleware", says="every origin, with credentials")
def test_every_origin_with_credentials_stops_the_start():
    def start() -> None:
        shop = Shop("api")
        shop.app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True)
        with shop.visitor():
            pass

    return stopped(start)


@proves(
    23,
    FOUND,
    "cors-credentials-missing",
    where="CORSMiddleware(allow_credentials)",
    says="allow_credentials=True",
)
def test_a_front_end_without_credentials_is_found(examine: Examine):
    return findings(examine(cors('allow_origins=["https://app.example.com"], allow_methods=["*"]')))


@proves(23, FOUND, "cors_no_allow_credentials", hop="csrf cookie", by="browser")
def test_the_journey_breaks_where_the_answer_is_kept_back():
    return journey("https://api.example.com", PAGES, "host", "no credentials", withCredentials="true")


@proves(24, FOUND, "cors-not-covering", where="here", says="/in stand outside")
def test_a_login_outside_of_cors_is_found(examine: Examine):
    text = """
        house = Guardhouse(secret=key, **usual, trusted_origins=["https://app.example.com"])
        async def sign_in(request: Request) -> Response:  # here
            return JSONResponse(await house.auth(request).attempt(await request.json()) is not None)

        api = Starlette(routes=[Route("/page", page, middleware=[house.layer()])], middleware=[
            Middleware(CORSMiddleware, allow_origins=["https://app.example.com"], allow_credentials=True)])
        app = Starlette(routes=[Mount("/api", api), Route("/in", house.public(sign_in), methods=["POST"])])
        house.install(app)
        """
    return findings(examine(text))


@proves(25, NAMED, "hosts_mixed", page="http://localhost:5173", host="127.0.0.1:8000")
def test_two_names_of_one_machine_are_named_both():
    shop = Shop("api")
    page = {"Origin": "http://localhost:5173", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
    return refusal(shop.house, partial(shop.visitor(page, at="http://127.0.0.1:8000").get, "/api"))


@proves(25, FOUND, "cookie-cross-site", where="trusted_origins", says="127.0.0.1")
def test_two_names_of_one_machine_are_found(examine: Examine):
    front = "http://127.0.0.1:5173"
    return findings(
        examine(
            cors(
                f'allow_origins=["{front}"], allow_credentials=True',
                f'"{front}"',
                ', public_url="http://localhost:8000"',
            )
        )
    )
