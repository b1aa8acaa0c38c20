"""The same guard with tokens of which it has verified the signature before; all else is looked at each time."""

from __future__ import annotations

from benchmarks.signed import Verifier
from benchmarks.verifiers import guardhouse_guard

TITLE = "guardhouse, the token was seen before"


def verifier(algorithm: str, public: bytes) -> Verifier:
    """Verify with one algorithm and its key."""
    return guardhouse_guard.verifier(algorithm, public, remember=1024)
