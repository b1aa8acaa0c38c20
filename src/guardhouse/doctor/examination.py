"""The whole examination: every check over one subject, its findings in order, and what somebody chose to ignore."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from guardhouse.doctor.checks import (
    addresses,
    cookies,
    cors,
    guards,
    keys,
    leftovers,
    logins,
    pitfalls,
    proxies,
    routes,
    rules,
    stores,
)
from guardhouse.doctor.finding import SEVERITIES, Finding, Severity, as_bad_as
from guardhouse.doctor.findings import CODES, found
from guardhouse.doctor.subject import Subject
from guardhouse.errors import ConfigError

_ORDER = {code: place for place, code in enumerate(CODES)}

Check = Callable[[Subject], Iterator[Finding]]

CHECKS: tuple[Check, ...] = tuple(
    module.check
    for module in (
        routes,
        addresses,
        guards,
        logins,
        rules,
        cors,
        cookies,
        proxies,
        keys,
        stores,
        pitfalls,
        leftovers,
    )
)


@dataclass(frozen=True, slots=True)
class Ignored:
    """A finding that somebody has looked at, and the reason that he gave."""

    finding: Finding
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, the worst first, and what was not to be told."""

    findings: tuple[Finding, ...]
    ignored: tuple[Ignored, ...] = ()

    def fails(self, threshold: Severity) -> bool:
        """Whether anything is at least that bad."""
        return any(as_bad_as(finding.severity, threshold) for finding in self.findings)

    def counted(self, severity: Severity) -> int:
        """Count those of one severity."""
        return sum(finding.severity == severity for finding in self.findings)


def findings_of(subject: Subject) -> list[Finding]:
    """Run every check that asks nobody."""
    return list(dict.fromkeys(finding for check in CHECKS for finding in check(subject)))


async def examined(subject: Subject) -> list[Finding]:
    """Run every check, and let the store speak for itself."""
    return [*findings_of(subject), *await stores.examine(subject)]


def ignoring(text: str) -> tuple[str, str]:
    """Read `CODE=reason`. Raise `ConfigError` for a code that is not there, and for one without a reason."""
    code, _, reason = (part.strip() for part in text.partition("="))
    if code not in CODES:
        nearest = get_close_matches(code, CODES, n=1)
        raise ConfigError(
            "--ignore", code, "The codes stand in docs/doctor.md.", nearest=nearest[0] if nearest else None
        )
    if not reason:
        raise ConfigError("--ignore", text, f"Say why: --ignore {code}='what makes it right here'.")
    return code, reason


def report(findings: Iterable[Finding], ignore: Mapping[str, str]) -> Report:
    """Put the findings in order, and set aside what is to be ignored."""
    every = sorted(findings, key=lambda finding: (SEVERITIES.index(finding.severity), _ORDER[finding.code]))
    kept = [finding for finding in every if finding.code not in ignore]
    ignored = [Ignored(finding, ignore[finding.code]) for finding in every if finding.code in ignore]
    kept += _unused(ignore, [one.finding for one in ignored])
    return Report(tuple(kept), tuple(ignored))


def _unused(ignore: Mapping[str, str], ignored: Sequence[Finding]) -> Iterator[Finding]:
    for code in ignore:
        if not any(finding.code == code for finding in ignored):
            what = f"{code} is ignored ({ignore[code]}), and was not found."
            yield found("ignore-unused", "--ignore", what, f"Take --ignore {code} away.")
