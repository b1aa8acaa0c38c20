"""guardhouse for FastAPI: `from guardhouse.fastapi import Guardhouse`."""

from guardhouse.edge.fastapi import Guardhouse
from guardhouse.edge.token_routes import token_routes

__all__ = ["Guardhouse", "token_routes"]
