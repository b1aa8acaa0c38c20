"""From `module:attribute` to the application and its houses; what goes wrong on the way is one clear line."""

from __future__ import annotations

import inspect
import os
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import click

from guardhouse.cli.output import data_only, plain
from guardhouse.edge.asgi import Layer
from guardhouse.errors import GuardhouseError
from guardhouse.house import Guardhouse

_INSIDE = os.fspath(Path(__file__).parent.parent)


class UnusableError(click.ClickException):
    """The application cannot be loaded, or does not start. Exits with 2 and one line."""

    exit_code = 2

    def show(self, file: Any = None) -> None:  # noqa: ANN401 - click's signature
        """Write the line to stderr."""
        click.echo(f"guardhouse: {plain(self.format_message())}", err=True, file=file)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a server would run, and the application with routes inside it."""

    asgi: Any
    app: Any


def load(target: str, *, whole_traceback: bool) -> Loaded:
    """Import the application that `target` names."""
    module_name, colon, attribute = target.partition(":")
    if not (colon and all(part.isidentifier() for part in module_name.split("."))):
        raise UnusableError(f"APP is {target!r}; write module:attribute, such as myapp.main:app.")
    if os.fspath(Path.cwd()) not in sys.path:
        sys.path.insert(0, os.fspath(Path.cwd()))
    with data_only():
        module = _imported(module_name, whole_traceback=whole_traceback)
        found = _called(module, target, attribute, whole_traceback=whole_traceback)
    return Loaded(found, _application(found, target))


def houses(app: Any) -> list[Guardhouse[Any]]:  # noqa: ANN401 - any ASGI application
    """Find the houses that are installed on an application, the outermost first."""
    found = [item.kwargs["house"] for item in getattr(app, "user_middleware", ()) if item.cls is Layer]
    if not found:
        raise UnusableError(
            "no house is installed on this application: call house.install(app) where it is made."
        )
    return found


def trouble(error: BaseException) -> str:
    """Word an error of the application: what it is, what it says, where it was raised."""
    text = " ".join(str(error).split()) or "without a word"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not _ours(frame.filename)]
    where = f" ({_short(frames[-1].filename)}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {text}{where}"


def _short(path: str) -> str:
    """Write a path as seen from here, or from where it is imported, whichever is shorter."""
    folders = [folder for folder in sys.path if folder and path.startswith(folder.rstrip("/") + "/")]
    names = [path[len(folder.rstrip("/")) + 1 :] for folder in folders]
    relative = os.path.relpath(path)
    return min([path, *names, *([] if relative.startswith("..") else [relative])], key=len)


def short_place(place: str) -> str:
    """Write file:line as seen from here."""
    path, colon, line = place.rpartition(":")
    return f"{_short(path)}:{line}" if colon and line.isdigit() else place


def _ours(filename: str) -> bool:
    return filename.startswith(("<frozen", _INSIDE)) or "importlib" in filename


def _imported(name: str, *, whole_traceback: bool) -> ModuleType:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            raise UnusableError(_no_module(error.name)) from None
        raise failed(f"importing {name}", error, whole_traceback=whole_traceback) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever an application does while it is imported
        raise failed(f"importing {name}", error, whole_traceback=whole_traceback) from None


def _no_module(name: str) -> str:
    return f"there is no module {name!r}, neither here in {Path.cwd().name or '/'}/ nor among the packages."


def _called(module: ModuleType, target: str, attribute: str, *, whole_traceback: bool) -> Any:  # noqa: ANN401 - whatever is there
    path, call, rest = attribute.partition("()")
    if rest or not all(part.isidentifier() for part in path.split(".")):
        raise UnusableError(f"APP is {target!r}; write module:attribute or module:factory().")
    found: Any = module
    for name in path.split("."):
        found = _attribute(found, name, target)
    if not call:
        return found
    try:
        return found()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a factory does
        raise failed(f"calling {target}", error, whole_traceback=whole_traceback) from None


def _attribute(owner: Any, name: str, target: str) -> Any:  # noqa: ANN401 - anything that a module holds
    if not hasattr(owner, name):
        nearest = get_close_matches(name, _names(owner), n=1)
        guess = f" Did you mean {nearest[0]!r}?" if nearest else ""
        raise UnusableError(f"{target}: there is no {name!r} in it.{guess}")
    return getattr(owner, name)


def _names(owner: object) -> Iterator[str]:
    return (
        (name for name in vars(owner) if not name.startswith("__"))
        if hasattr(owner, "__dict__")
        else iter(())
    )


def _application(found: Any, target: str) -> Any:  # noqa: ANN401 - any ASGI application
    """Look through middleware that was written around the application by hand."""
    if inspect.iscoroutine(found):
        found.close()
        raise UnusableError(f"{target} is an async function; APP must make the application without awaiting.")
    app = found
    while app is not None and not hasattr(app, "routes"):
        app = getattr(app, "app", None)
    if app is not None:
        return app
    factory = inspect.isfunction(found) and not inspect.iscoroutinefunction(found) and "()" not in target
    hint = f" If it makes the application, write {target}()." if factory else ""
    raise UnusableError(f"{target} is a {type(found).__name__}, no Starlette or FastAPI application.{hint}")


def failed(doing: str, error: BaseException, *, whole_traceback: bool) -> UnusableError:
    """Word what an application did wrong; the whole of it only when asked for."""
    if whole_traceback:
        traceback.print_exception(error, file=sys.stderr)
    hint = "" if whole_traceback else " (--traceback shows the whole)"
    if isinstance(error, GuardhouseError):
        return UnusableError(f"{doing} failed: {error}")  # it says itself what, where and the next step
    return UnusableError(f"{doing} failed: {trouble(error)}{hint}")
