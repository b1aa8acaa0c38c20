"""Who may say where a request comes from: the proxies that the house declares, and those that the server believes."""

from __future__ import annotations

from collections.abc import Iterator

from guardhouse.doctor.finding import Finding
from guardhouse.doctor.findings import found
from guardhouse.doctor.subject import Subject

_SERVERS = "FORWARDED_ALLOW_IPS"
"""Whom uvicorn and gunicorn believe X-Forwarded-*; 127.0.0.1 alone by default."""

_WIDEST = {4: 8, 6: 20}
"""How long a prefix of public addresses must be: the largest networks that belong to one company."""


def check(subject: Subject) -> Iterator[Finding]:
    """Find them."""
    house, believed = subject.house, subject.around.environment.get(_SERVERS)
    if believed is not None and "*" in believed:
        fix = "Name the proxy's own address there, or declare it to the house instead: trusted_proxies=['10.0.0.0/8']."
        yield found("proxies-anybody", _SERVERS, f"{_SERVERS}={believed} in the environment.", fix)
    for network in house.proxies:
        if not network.is_private and network.prefixlen < _WIDEST[network.version]:
            what = f"{network} has {network.num_addresses:,} addresses, which belong to many."
            fix = "Name the networks of your own proxies; whoever runs them publishes a list."
            yield found("proxies-wide", "trusted_proxies", what, fix)
    tls = any(address.scheme == "https" for address in subject.own if not address.local)
    if tls and _by_address(subject) and not house.proxies and believed is None:
        what = (
            f"{subject.own[0].origin} is https, and who calls is counted by the address that the server sees."
        )
        fix = "Behind a proxy say trusted_proxies=[its network]; where the server ends TLS by itself, ignore this."
        yield found("proxies-undeclared", "trusted_proxies", what, fix)


def _by_address(subject: Subject) -> bool:
    counted = any(step.name.startswith("throttle") for _, stack in subject.guarded() for step in stack.before)
    return counted or subject.sources.mentions("LoginThrottle")
