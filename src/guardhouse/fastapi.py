"""guardhouse for FastAPI: `from guardhouse.fastapi import Guardhouse`."""

from guardhouse.edge.fastapi import Guardhouse

__all__ = ["Guardhouse"]
