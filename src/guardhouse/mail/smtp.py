"""Letters through a mail server: encrypted and with its certificate checked, or not at all."""

from __future__ import annotations

import re
import ssl
from datetime import timedelta
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from anyio import fail_after

from guardhouse.errors import ConfigError, MailError
from guardhouse.mail.letter import Letter
from guardhouse.mail.stamp import stamped
from guardhouse.mail.writer import Writer
from guardhouse.vault.secret import Secret

try:
    from aiosmtplib import (
        SMTP,
        SMTPException,
        SMTPRecipientsRefused,
        SMTPResponseException,
        SMTPServerDisconnected,
    )
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        "letters are sent with aiosmtplib: pip install 'guardhouse[ways]'", name=missing.name
    ) from missing

__all__ = ["SmtpMailer"]

TIMEOUT = timedelta(seconds=10)
"""For the whole of one letter; what waits longer holds a place that another letter needs."""

Encryption = Literal["starttls", "tls"]

_PORTS: dict[str, tuple[Encryption, int]] = {"smtp": ("starttls", 587), "smtps": ("tls", 465)}
_ENHANCED = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_TEMPORARY = range(400, 500)


class SmtpMailer:
    """Sends letters through the server of your provider, which wants STARTTLS (port 587) or TLS at once (port 465).

    `insecure_plaintext` is for a mail catcher on the developer's machine; no password goes that way.
    """

    def __init__(  # noqa: PLR0913 - each is a setting of its own
        self,
        writer: Writer,
        host: str,
        port: int | None = None,
        *,
        user: str | None = None,
        password: Secret | str | None = None,
        encryption: Encryption = "starttls",
        insecure_plaintext: bool = False,
        tls: ssl.SSLContext | None = None,
        timeout: timedelta = TIMEOUT,
    ) -> None:
        if (user is None) != (password is None):
            raise ConfigError("mail user", user, "Hand in user and password, or neither.")
        if insecure_plaintext and user is not None:
            fix = "No password is sent in plain text: use STARTTLS or TLS, or leave the user out."
            raise ConfigError("insecure_plaintext", "a user with a password", fix)
        self.host = host
        self.port = port or (465 if encryption == "tls" else 587)
        self._writer = writer
        self._user = user
        self._password = Secret(password) if isinstance(password, str) else password
        self._encryption: Encryption | None = None if insecure_plaintext else encryption
        self._tls = None if insecure_plaintext else tls or ssl.create_default_context()
        self._seconds = timeout.total_seconds()

    @classmethod
    def from_url(cls, writer: Writer, url: Secret | str) -> SmtpMailer:
        """Read `smtp://user:password@host:587` (STARTTLS) or `smtps://...` (TLS at once), as the environment has it.

        `smtp://127.0.0.1:1025?insecure_plaintext=true` is a mail catcher on this machine.
        """
        parts, port = _read(url.reveal().decode() if isinstance(url, Secret) else url)
        plain = dict(parse_qsl(parts.query, keep_blank_values=True))
        if plain not in ({}, {"insecure_plaintext": "true"}):
            raise ConfigError("mail url", sorted(plain), "The only option is insecure_plaintext=true.")
        return cls(
            writer,
            parts.hostname or "",
            port,
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            encryption=_PORTS[parts.scheme][0],
            insecure_plaintext=bool(plain),
        )

    def __repr__(self) -> str:
        return f"SmtpMailer({self.host!r}, {self.port})"

    def check(self) -> None:
        """Write every letter in every language once; raise `ConfigError` for the first that a template of yours spoils."""
        self._writer.check()

    async def send(self, letter: Letter) -> None:
        """Hand the letter to the server, in one attempt on one connection."""
        message = stamped(self._writer, letter)
        client = self._client()
        try:
            with fail_after(self._seconds):
                async with client:
                    to = message["To"].addresses[0].addr_spec
                    await client.send_message(message, sender=self._writer.sender, recipients=[to])
        except (SMTPException, OSError) as error:  # a timeout is an OSError, too
            raise _told(letter.kind, error) from None  # the server's words hold the address
        finally:
            client.close()  # one that was broken off while it waited for a greeting is still open

    def _client(self) -> SMTP:
        return SMTP(
            hostname=self.host,
            port=self.port,
            username=self._user,
            password=None if self._password is None else self._password.reveal().decode(),
            # Left out it would be looked up, and the look-up would hold up everybody.
            local_hostname=self._writer.domain,
            timeout=self._seconds,
            use_tls=self._encryption == "tls",
            start_tls=self._encryption == "starttls",
            tls_context=self._tls,
        )


def _read(url: str) -> tuple[SplitResult, int | None]:
    """Take the address of a server apart; nothing of it is repeated, for it may hold a password."""
    fix = "Write smtp://user:password@host:587, or smtps:// for TLS at once."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigError("mail url", "no address", fix) from None
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.fragment:
        raise ConfigError("mail url", parts.scheme if parts.scheme in _PORTS else "another scheme", fix)
    return parts, port


def _told(kind: str, error: SMTPException | OSError) -> MailError:
    """Say what a server answered in numbers only, and of a connection what went wrong with it."""
    if isinstance(error, SMTPRecipientsRefused) and error.recipients:
        error = error.recipients[0]
    if isinstance(error, SMTPResponseException):
        enhanced = _ENHANCED.search(error.message)
        trouble = f"the server answered {error.code}{f' {enhanced[0]}' if enhanced else ''}"
        return MailError(kind, trouble, temporary=error.code in _TEMPORARY)
    certificate = next((one for one in _chain(error) if isinstance(one, ssl.SSLCertVerificationError)), None)
    if certificate is not None:
        return MailError(kind, f"the server's certificate: {certificate.verify_message}")
    if isinstance(error, SMTPServerDisconnected | OSError):
        return MailError(kind, f"the connection: {_worded(error)}", temporary=True)
    return MailError(kind, str(error))


def _chain(error: BaseException | None) -> list[BaseException]:
    return [] if error is None else [error, *_chain(error.__cause__ or error.__context__)]


def _worded(error: Exception) -> str:
    return str(error) or type(error).__name__
