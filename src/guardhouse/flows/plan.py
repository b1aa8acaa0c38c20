"""What a flow decides: the effects to have, in the order in which they must be written, and what comes after them.

The order is the flow's promise about a crash: between any two effects the account is usable and nothing is half changed.
An effect that two may want at once, and only one can have, names what the loser is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from guardhouse.core.events import Event
from guardhouse.core.reasons import Reason
from guardhouse.mail.letter import Letter
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.pending import Pending


class Whose(NamedTuple):
    """Whose account a flow is about: the user, how stores know him (`provider:id`), and the guard whose way it is."""

    user: object
    owner: str
    guard: str


# -- effects ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LogIn:
    """Log the user in under a new session id. `proofs` say by what he proved himself, `password` or `totp`."""

    user: object
    proofs: tuple[str, ...]
    remember: bool = False


@dataclass(frozen=True, slots=True)
class ComeBack:
    """Log in whom his browser remembers, under a new session id that goes with the series of that name."""

    user: object
    series: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Hold:
    """Keep that the user gave a first proof and owes a second; nobody is logged in by it."""

    user: object
    proofs: tuple[str, ...]
    factors: tuple[str, ...]
    remember: bool = False
    must_enrol: bool = False
    """Whether he has no second proof, and must enrol one before he is let in."""


@dataclass(frozen=True, slots=True)
class AddProof:
    """Note that who is logged in gave one more proof; the login goes on, as old as it is, under a new session id."""

    user: object
    proof: str


@dataclass(frozen=True, slots=True)
class CountTry:
    """Count a wrong answer of who is half-way in. Where the session went on meanwhile, there is nothing left to count."""

    pending: Pending


@dataclass(frozen=True, slots=True)
class LogOut:
    """End the login of this session."""


@dataclass(frozen=True, slots=True)
class Renew:
    """Go on under a new session id, as after every proof of who one is."""


@dataclass(frozen=True, slots=True)
class Confirm:
    """Note that the user proved himself once more, now, and by what; the session goes on under a new id."""

    user: object
    proofs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rebind:
    """Bind the present login to the password that the user has by now, which he has just proven; it goes on under a new id."""

    user: object
    proofs: tuple[str, ...] = ("password",)


@dataclass(frozen=True, slots=True)
class Impersonate:
    """Let who is logged in act in this user's place, under a new id; his own login is kept aside, behind it."""

    user: object
    otherwise: Reason = Reason.IMPERSONATED


@dataclass(frozen=True, slots=True)
class StopImpersonating:
    """Put the login that was kept aside in its place again, under a new id."""


@dataclass(frozen=True, slots=True)
class EndSession:
    """End one session of who is logged in, by its public id; one that is gone is no matter."""

    id: str


@dataclass(frozen=True, slots=True)
class RevokeToken:
    """Take back one token of the user, by its public id; one that is gone is no matter."""

    user: object
    id: str


@dataclass(frozen=True, slots=True)
class RevokeTokens:
    """Take back all tokens of the user."""

    user: object


@dataclass(frozen=True, slots=True)
class EndSessions:
    """End every session of the user, at once and everywhere; `keep` spares the present one."""

    user: object
    keep: bool = False


@dataclass(frozen=True, slots=True)
class SetPassword:
    """Put a hash in the place of the one that is expected there."""

    user: object
    password_hash: str = field(repr=False)
    before: str | None = field(repr=False)
    otherwise: Reason = Reason.LINK_SPENT


@dataclass(frozen=True, slots=True)
class Verify:
    """Note that the user reads mail at this address. Where that is no more than a by-product, nobody loses by `None`."""

    user: object
    address: str
    otherwise: Reason | None = Reason.LINK_SPENT


@dataclass(frozen=True, slots=True)
class SetAddress:
    """Put a verified address in the place of the one that is expected there."""

    user: object
    address: str
    before: str | None
    """None where there was none."""
    otherwise: Reason = Reason.LINK_SPENT


@dataclass(frozen=True, slots=True)
class Spend:
    """Remember a name as used until that moment; whoever comes second is told so."""

    name: bytes = field(repr=False)
    until: float
    otherwise: Reason = Reason.LINK_SPENT


@dataclass(frozen=True, slots=True)
class Enrol:
    """Keep something new that the user proves himself with."""

    enrolment: Enrolment
    otherwise: Reason = Reason.FACTOR_WRONG


@dataclass(frozen=True, slots=True)
class OnlyOne:
    """Take what was enrolled a moment ago away again, if there is another second factor: whoever has one gives that."""

    enrolment: Enrolment
    otherwise: Reason = Reason.FACTOR_NOT_ASKED


@dataclass(frozen=True, slots=True)
class Change:
    """Put one version of an enrolment in the place of the one that was read."""

    before: Enrolment
    after: Enrolment
    otherwise: Reason = Reason.FACTOR_WRONG


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take one enrolment away; what counts once is used by this."""

    owner: str
    kind: Kind
    name: str
    otherwise: Reason | None = Reason.FACTOR_WRONG
    """None where it is well when somebody else has done it."""


@dataclass(frozen=True, slots=True)
class WithdrawAll:
    """Take away all enrolments of these kinds."""

    owner: str
    kinds: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class Forgive:
    """Forget the tries of an account whose owner has come."""

    account: str


@dataclass(frozen=True, slots=True)
class Put:
    """Write one of the library's own keys of the session, or drop it with None."""

    key: str
    value: object = field(repr=False)


@dataclass(frozen=True, slots=True)
class Cookie:
    """Hand out a cookie of ours beside the session's, or erase it with an empty value. `age` is in seconds."""

    name: str
    value: str = field(repr=False)
    age: int


@dataclass(frozen=True, slots=True)
class Send:
    """Send a letter, after the answer has left."""

    letter: Letter


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell the listeners."""

    event: Event


Effect: TypeAlias = (
    LogIn
    | ComeBack
    | Hold
    | AddProof
    | CountTry
    | LogOut
    | Renew
    | Confirm
    | Rebind
    | Impersonate
    | StopImpersonating
    | EndSession
    | EndSessions
    | RevokeToken
    | RevokeTokens
    | SetPassword
    | Verify
    | SetAddress
    | Spend
    | Enrol
    | OnlyOne
    | Change
    | Withdraw
    | WithdrawAll
    | Forgive
    | Put
    | Cookie
    | Send
    | Tell
)

# -- what comes next --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Done:
    """The way is walked. `what` is its stable name, `told` what a program hears and a page shows."""

    what: str
    told: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class Ask:
    """Something is still to be given: `what` names the way that goes on, `told` what it needs to know."""

    what: str
    told: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class Again:
    """What was handed in cannot be taken: the field, and for people what is wrong with it. Nothing of it is repeated."""

    field: str
    problem: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """No, with the reason."""

    reason: Reason
    evidence: Mapping[str, object] = field(default_factory=dict[str, object])
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """Go to another site, to a login server of somebody else."""

    url: str = field(repr=False)


Next: TypeAlias = Done | Ask | Again | Refuse | Leave


@dataclass(frozen=True, slots=True)
class Plan:
    """What to write, in this order, and what comes after it."""

    then: Next
    effects: tuple[Effect, ...] = ()
