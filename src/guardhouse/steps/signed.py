"""The step that lets in only those who come by a link that the house has signed: `Signed()`, `signed`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from guardhouse.core.area import Step
from guardhouse.core.reasons import Reason
from guardhouse.core.verdict import Deny
from guardhouse.errors import ConfigError
from guardhouse.gate.visit import Visit
from guardhouse.state.signed import Answer, verify

_REFUSALS: Mapping[Answer, Reason] = {
    "unsigned": Reason.URL_UNSIGNED,
    "forged": Reason.URL_SIGNATURE,
    "unknown key": Reason.URL_KEY_UNKNOWN,
    "expired": Reason.URL_EXPIRED,
}


@dataclass(frozen=True, slots=True)
class Signed:
    """Ask for a signed address. `ignore` are names of parameters that others may add to a link, such as `utm_source`."""

    ignore: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Write it as an alias."""
        return f"signed:{','.join(self.ignore)}" if self.ignore else "signed"

    def steps(self) -> tuple[Step, ...]:
        """Return the one step, before anybody is asked who he is."""
        return (Step(self.name, self, "before guards", says=tuple(_REFUSALS.values())),)

    def __call__(self, visit: Visit) -> Deny | None:
        """Weigh the address as it came."""
        facts = visit.facts
        path = facts.raw_path or quote(facts.path, safe="/:@!$&'()*+,;=~-._").encode("ascii")
        answer = verify(visit.parts.urls, path, facts.query, visit.parts.clock(), ignore=self.ignore)
        return None if answer == "signed" else Deny(self.name, _REFUSALS[answer])


def read_signed(parameters: str) -> Signed:
    """Read what stands behind `signed:`; every address is signed without its host, so `relative` adds nothing."""
    words = [word.strip() for word in parameters.split(",") if word.strip()]
    if "absolute" in words:
        fix = "A signature covers path and query; hosts are checked by public_url. Take the word away."
        raise ConfigError("signed", parameters, fix)
    return Signed(tuple(word for word in words if word != "relative"))
