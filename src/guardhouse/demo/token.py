"""The demo's token for programs: Ada's, new at every start, told to whoever started the demo and kept as a hash."""

from __future__ import annotations

from dataclasses import dataclass, field
from secrets import token_bytes

from guardhouse.demo.books import PEOPLE
from guardhouse.state.store import TokenStore
from guardhouse.state.token import ID_BYTES, SECRET_BYTES, TokenPolicy, TokenRecord, mint

POLICY = TokenPolicy(prefix="ghdemo")
"""The prefix lets secret scanners recognise one."""

NAME = "printed by guardhouse demo"


@dataclass(frozen=True, slots=True)
class Printed:
    """A token that is minted before there is a store to keep it in."""

    plain: str = field(repr=False)
    id: str
    digest: bytes = field(repr=False)


def new_token() -> Printed:
    """Make one of 256 random bits."""
    return Printed(*mint(POLICY, token_bytes(ID_BYTES + SECRET_BYTES)))


async def keep(printed: Printed, tokens: TokenStore, now: float) -> None:
    """Let it be Ada's, in place of the one of the last start."""
    ada, *_ = PEOPLE[0]
    owner = f"users:{ada}"
    for former in await tokens.tokens_of(owner):
        if former.name == NAME:
            await tokens.revoke_token(owner, former.id)
    await tokens.add_token(TokenRecord(printed.id, owner, NAME, ("*",), now, printed.digest))
