"""Authentication for API routes whose pipeline cannot be stacked wrongly in silence, and whose refusals say why."""

from guardhouse.core.area import Area, Step
from guardhouse.core.events import (
    Attempting,
    Authenticated,
    Failed,
    Login,
    Logout,
    Refused,
    Serving,
    TokenIssued,
    TokenRevoked,
    Validated,
)
from guardhouse.core.facts import Facts
from guardhouse.core.guard import SESSION, Guard, Need
from guardhouse.core.promise import NeedsCsrf, NeedsIdentity, NeedsRule, NeedsSession, NeedsStep
from guardhouse.core.provider import Provider
from guardhouse.core.reasons import Reason
from guardhouse.core.rule import Denied, Granted
from guardhouse.core.verdict import Abstain, Allow, Client, Decision, Deny, Identity
from guardhouse.errors import ConfigError, GuardhouseError, StoreError
from guardhouse.gate.visit import Visit
from guardhouse.guards.basic import BasicGuard
from guardhouse.guards.function import FunctionGuard
from guardhouse.guards.jwt import JWTGuard
from guardhouse.guards.legacy_token import LegacyTokenGuard
from guardhouse.guards.session import SessionGuard
from guardhouse.guards.token import TokenGuard
from guardhouse.issuers.jwks import JWKS
from guardhouse.issuers.keys import Keys
from guardhouse.issuers.own import OwnIssuer
from guardhouse.limits import LoginThrottle
from guardhouse.packages import Package
from guardhouse.state.cookie import CookiePolicy
from guardhouse.state.limit import Limit
from guardhouse.state.policy import SessionPolicy
from guardhouse.state.session import Session
from guardhouse.state.token import TokenPolicy
from guardhouse.steps.abilities import Abilities, AnyAbility
from guardhouse.steps.can import Can
from guardhouse.steps.confirmed import Confirmed
from guardhouse.steps.factors import Factors
from guardhouse.steps.guest import Guest
from guardhouse.steps.oneself import Oneself
from guardhouse.steps.signed import Signed
from guardhouse.steps.throttle import Throttle
from guardhouse.steps.verified import Verified
from guardhouse.users.memory import MemoryUsers, User
from guardhouse.users.passwords import Passwords
from guardhouse.users.policy import NewPasswords, PasswordPolicy
from guardhouse.users.pwned import HaveIBeenPwned
from guardhouse.vault.jws import Key
from guardhouse.vault.secret import Secret

__version__ = "0.1.0"

__all__ = [
    "JWKS",
    "SESSION",
    "Abilities",
    "Abstain",
    "Allow",
    "AnyAbility",
    "Area",
    "Attempting",
    "Authenticated",
    "BasicGuard",
    "Can",
    "Client",
    "ConfigError",
    "Confirmed",
    "CookiePolicy",
    "Decision",
    "Denied",
    "Deny",
    "Factors",
    "Facts",
    "Failed",
    "FunctionGuard",
    "Granted",
    "Guard",
    "GuardhouseError",
    "Guest",
    "HaveIBeenPwned",
    "Identity",
    "JWTGuard",
    "Key",
    "Keys",
    "LegacyTokenGuard",
    "Limit",
    "Login",
    "LoginThrottle",
    "Logout",
    "MemoryUsers",
    "Need",
    "NeedsCsrf",
    "NeedsIdentity",
    "NeedsRule",
    "NeedsSession",
    "NeedsStep",
    "NewPasswords",
    "Oneself",
    "OwnIssuer",
    "Package",
    "PasswordPolicy",
    "Passwords",
    "Provider",
    "Reason",
    "Refused",
    "Secret",
    "Serving",
    "Session",
    "SessionGuard",
    "SessionPolicy",
    "Signed",
    "Step",
    "StoreError",
    "Throttle",
    "TokenGuard",
    "TokenIssued",
    "TokenPolicy",
    "TokenRevoked",
    "User",
    "Validated",
    "Verified",
    "Visit",
]
