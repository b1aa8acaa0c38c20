"""An admin panel: who enters is known, comes from no other site, and may `view-admin`."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from guardhouse import Can, NeedsCsrf, NeedsIdentity, NeedsRule, Package, Step, User, Visit
from guardhouse.starlette import Guardhouse

TOOLS = {"backups": "Backups", "logs": "Logs"}


def boot_tools(visit: Visit) -> None:
    """Load what only the panel needs; it costs other requests nothing."""
    visit.answer_with(b"x-admin-tools", ", ".join(TOOLS).encode())


def routes(house: Guardhouse[User]) -> Sequence[BaseRoute]:
    """Make the routes of the panel, relative to where it is mounted."""

    async def dashboard(request: Request) -> Response:
        identity = await house.identity_of(request)
        return JSONResponse({"admin": identity.user_id, "tools": list(TOOLS.values())})

    async def run(request: Request) -> Response:
        return JSONResponse({"ran": request.path_params["tool"]})

    return [Route("/", dashboard), Route("/tools/{tool}", run, methods=["POST"])]


admin_panel = Package(
    "admin",
    routes,
    steps=(Step("boot-tools", boot_tools), Can("view-admin")),
    promises=(NeedsIdentity(), NeedsCsrf(), NeedsRule("view-admin")),
)
