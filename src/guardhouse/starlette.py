"""guardhouse for Starlette: `from guardhouse.starlette import Guardhouse`."""

from guardhouse.edge.session_routes import session_routes
from guardhouse.edge.starlette import Guardhouse
from guardhouse.edge.token_routes import token_routes

__all__ = ["Guardhouse", "session_routes", "token_routes"]
