"""guardhouse for Starlette: `from guardhouse.starlette import Guardhouse`."""

from guardhouse.edge.starlette import Guardhouse
from guardhouse.edge.token_routes import token_routes

__all__ = ["Guardhouse", "token_routes"]
