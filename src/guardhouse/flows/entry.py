"""From a first proof to a login: what is still owed, and nothing that could pass for a login before it is given."""

from __future__ import annotations

from typing import NamedTuple

from guardhouse.core.proofs import enough, first
from guardhouse.core.reasons import Reason
from guardhouse.flows.plan import Ask, Done, Effect, Forgive, Hold, LogIn, Plan, Refuse, Send
from guardhouse.mail.letter import Letter

__all__ = ["Standing", "cannot_be_given", "enter"]


class Standing(NamedTuple):
    """What is known of a user at the moment of his first proof."""

    disabled: bool = False
    factors: tuple[str, ...] = ()
    """The second factors that he has, the strongest first."""
    left_out: bool = False
    """Whether there is no way to give any of them."""
    trusted: bool = False
    """Whether he comes on a device that he was asked on before, and told it to remember that."""
    required: bool = False
    """Whether he must have a second factor; who has none enrols it before he is let in."""
    unverified: Letter | None = None
    """The letter that asks him to verify his address, where nobody comes in before he has."""


def cannot_be_given(factors: tuple[str, ...]) -> Refuse:
    """Refuse who owes what there is no way to give."""
    return Refuse(Reason.SECOND_FACTOR_MISSING, {"factors": ", ".join(factors), "left_out": True})


def enter(
    user: object, standing: Standing, proofs: tuple[str, ...], *, account: str = "", remember: bool = False
) -> Plan:
    """Say what follows from a proof. Every way in ends here, so that none is weaker than another (ASVS 6.3.4)."""
    if standing.disabled:
        return Plan(
            Refuse(Reason.LOGIN_FAILED)
        )  # the words of a wrong password: nobody learns that the account is there
    forgiven: tuple[Effect, ...] = (Forgive(account),) if account else ()
    if standing.unverified is not None:
        return Plan(Ask("verify-email"), (*forgiven, Send(standing.unverified)))
    trusted = standing.trusted and first(proofs)  # a device stands for the second proof, never for the first
    if standing.factors and not trusted and not enough(proofs):
        if standing.left_out:  # a setting of the house takes no second factor off an account
            return Plan(cannot_be_given(standing.factors))
        held = Hold(user, proofs, standing.factors, remember)
        return Plan(Ask("two-factor", {"factors": list(standing.factors)}), (*forgiven, held))
    if standing.required and not standing.factors and not enough(proofs):
        held = Hold(user, proofs, (), remember, must_enrol=True)
        return Plan(Ask("two-factor-required"), (*forgiven, held))
    return Plan(Done("logged-in"), (LogIn(user, proofs, remember), *forgiven))
