"""Authentication for API routes whose pipeline cannot be stacked wrongly in silence, and whose refusals say why."""

from guardhouse.core.area import Area, Step
from guardhouse.core.events import (
    Attempting,
    Authenticated,
    Failed,
    Login,
    Logout,
    Refused,
    Validated,
)
from guardhouse.core.facts import Facts
from guardhouse.core.guard import SESSION, Guard, Need
from guardhouse.core.provider import Provider
from guardhouse.core.reasons import Reason
from guardhouse.core.rule import Denied, Granted
from guardhouse.core.verdict import Abstain, Allow, Decision, Deny, Identity
from guardhouse.errors import ConfigError, GuardhouseError, StoreError
from guardhouse.guards.function import FunctionGuard
from guardhouse.guards.session import SessionGuard
from guardhouse.state.cookie import CookiePolicy
from guardhouse.state.policy import SessionPolicy
from guardhouse.state.session import Session
from guardhouse.steps.can import Can
from guardhouse.users.memory import MemoryUsers, User
from guardhouse.users.passwords import Passwords
from guardhouse.vault.secret import Secret

__version__ = "0.1.0"

__all__ = [
    "SESSION",
    "Abstain",
    "Allow",
    "Area",
    "Attempting",
    "Authenticated",
    "Can",
    "ConfigError",
    "CookiePolicy",
    "Decision",
    "Denied",
    "Deny",
    "Facts",
    "Failed",
    "FunctionGuard",
    "Granted",
    "Guard",
    "GuardhouseError",
    "Identity",
    "Login",
    "Logout",
    "MemoryUsers",
    "Need",
    "Passwords",
    "Provider",
    "Reason",
    "Refused",
    "Secret",
    "Session",
    "SessionGuard",
    "SessionPolicy",
    "Step",
    "StoreError",
    "User",
    "Validated",
]
