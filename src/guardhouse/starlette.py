"""guardhouse for Starlette: `from guardhouse.starlette import Guardhouse`."""

from guardhouse.edge.starlette import Guardhouse

__all__ = ["Guardhouse"]
