"""An outage in words: what cannot be looked up is neither a denial nor a guest, and says what is away."""

from __future__ import annotations

from guardhouse.core.reasons import Reason
from guardhouse.core.verdict import Deny
from guardhouse.errors import IssuerUnavailableError, StoreError

__all__ = ["OUTAGES", "unavailable"]

OUTAGES = frozenset({Reason.STORE_UNAVAILABLE, Reason.ISSUER_UNAVAILABLE})


def unavailable(error: StoreError) -> Deny:
    """Word the trouble with a store, or with an issuer, as a verdict."""
    if isinstance(error, IssuerUnavailableError):
        return Deny("issuer", Reason.ISSUER_UNAVAILABLE, {"trouble": str(error)})
    return Deny("store", Reason.STORE_UNAVAILABLE, {"trouble": str(error)})
