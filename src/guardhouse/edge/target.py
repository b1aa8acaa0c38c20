"""What a server would call an application, `module:attribute`, found among the modules that are loaded."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Any

from guardhouse.core.repeat import APP

__all__ = ["target_of"]


@lru_cache(maxsize=4)  # a look at everything that is imported, for an answer that never changes
def target_of(app: Any) -> str:  # noqa: ANN401 - any ASGI application
    """Name it; `APP` where it is in no module that could be imported, as in a factory or a script."""
    if app is None:
        return APP
    for name, module in list(sys.modules.items()):
        if name != "__main__" and all(part.isidentifier() for part in name.split(".")):
            for attribute, value in list(getattr(module, "__dict__", {}).items()):
                if value is app and attribute.isidentifier():
                    return f"{name}:{attribute}"
    return APP
