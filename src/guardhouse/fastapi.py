"""guardhouse for FastAPI: `from guardhouse.fastapi import Guardhouse`."""

from guardhouse.edge.fastapi import Guardhouse
from guardhouse.edge.session_routes import session_routes
from guardhouse.edge.token_routes import token_routes

__all__ = ["Guardhouse", "session_routes", "token_routes"]
