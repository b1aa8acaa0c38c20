"""`guardhouse demo`: serves the application of the thread until it is interrupted."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from socket import socket
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Literal

import click

from guardhouse.errors import GuardhouseError

__all__ = ["demo"]

HTTP = Literal["auto", "h11", "httptools"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


PORT = click.IntRange(0, 65535)
MANY = click.IntRange(0, 100_000)
PARSERS = click.Choice(["auto", "h11", "httptools"])


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=PORT, help="0 takes a free one.")
@click.option(
    "--store",
    help="Where sessions lie, as any store is written: memory:, sqlite:///file, redis://host, postgresql://host/db, or "
    "sealed: for the cookie itself. Otherwise an empty SQLite file in a temporary place.",
)
@click.option("--users", default=0, type=MANY, help="So many users besides Ada and Grace.")
@click.option("--reset", is_flag=True, help="Begin empty: remove the SQLite file that the demo made before.")
@click.option("--tls-cert", type=_FILE, help="Serve https with this certificate ...")
@click.option("--tls-key", type=_FILE, help="... and its key.")
@click.option(
    "--trusted-origin", "origins", multiple=True, help="A front end that may call; can be repeated."
)
@click.option(
    "--partner-keys", "partner", metavar="URL", help="Believe another issuer too, whose keys are there."
)
@click.option(
    "--foreign-issuer",
    "issuers",
    multiple=True,
    metavar="URL",
    help="A login server at which people may log in, by OpenID Connect; can be repeated.",
)
@click.option(
    "--http",
    default="auto",
    show_default=True,
    type=PARSERS,
    help="uvicorn's parser; h11 also takes methods that nobody has heard of.",
)
@click.option("--log-json", is_flag=True, help="Write one JSON object per line of the log.")
@click.option("--test-controls", "controls", metavar="TOKEN", help="Offer /__test__/. Never in public.")
def demo(  # noqa: PLR0913 - one parameter for each option
    *,
    host: str,
    port: int,
    store: str | None,
    users: int,
    reset: bool,
    tls_cert: Path | None,
    tls_key: Path | None,
    origins: tuple[str, ...],
    partner: str | None,
    issuers: tuple[str, ...],
    http: HTTP,
    log_json: bool,
    controls: str | None,
) -> None:
    """Serve the application of the forum thread, with a gallery of mistakes that explain themselves.

    Exits with 0 when it was interrupted, with 1 when it cannot serve, with 2 when it was called wrongly.
    """
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key belong together: give both.")
    serving = _serving()
    with ExitStack() as stack:
        taken = stack.enter_context(_address(serving, host, port))
        if store is None:
            folder = stack.enter_context(TemporaryDirectory(prefix="guardhouse-demo-"))
            store = f"sqlite:///{folder}/demo.db"
        settings = serving.Settings(
            host=host,
            port=taken.getsockname()[1],
            store=store,
            users=users,
            trusted_origins=origins,
            tls=tls_cert is not None,
            controls=controls,
            partner_keys=partner,
            foreign_issuers=issuers,
        )
        try:
            if reset:
                serving.reset(settings)
            serving.serve(settings, taken, tls=(tls_cert, tls_key), http=http, log_json=log_json)
        except (GuardhouseError, OSError) as error:
            raise click.ClickException(str(error)) from error


def _serving() -> ModuleType:
    """Import what the extra `demo` brings."""
    try:
        from guardhouse.demo import serving  # noqa: PLC0415 - only this command needs it
    except ImportError as missing:
        text = f"{missing}. The demo needs more: pip install 'guardhouse[demo]'"
        raise click.ClickException(text) from missing
    return serving


@contextmanager
def _address(serving: ModuleType, host: str, port: int) -> Generator[socket]:
    try:
        taken = serving.bound(host, port)
    except OSError as error:
        text = f"{host}:{port} cannot be used: {error.strerror}. Try --port 0."
        raise click.ClickException(text) from error
    with taken:
        yield taken
