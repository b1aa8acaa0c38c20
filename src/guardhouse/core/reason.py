"""The names of all reasons, and what a line about one of them says; the lines themselves are in `reasons`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Reason", "ReasonEntry"]


class Reason(StrEnum):
    """The stable code of a verdict. Codes are never renamed and never reused."""

    # allowing
    SESSION_LOGIN = "session_login"
    CREDENTIAL_ACCEPTED = "credential_accepted"
    PUBLIC = "public"
    SAFE_METHOD = "safe_method"
    SAME_ORIGIN = "same_origin"
    OWN_ORIGIN = "own_origin"
    TRUSTED_ORIGIN = "trusted_origin"
    CSRF_TOKEN_VALID = "csrf_token_valid"  # noqa: S105 - the name of a reason, not a token
    COOKIE_NOT_READ = "cookie_not_read"
    STEP_PASSED = "step_passed"
    # who
    NO_CREDENTIAL = "no_credential"
    NO_LOGIN = "no_login"
    SECOND_FACTOR_MISSING = "second_factor_missing"
    SESSION_MALFORMED = "session_malformed"
    SESSION_UNKNOWN = "session_unknown"
    SESSION_UNREADABLE = "session_unreadable"
    SESSION_EXPIRED = "session_expired"
    NO_LOGIN_FOR_GUARD = "no_login_for_guard"
    SESSION_DUPLICATE = "session_duplicate"
    USER_MISSING = "user_missing"
    USER_DISABLED = "user_disabled"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of a reason, not a password
    LOGIN_KEY_UNKNOWN = "login_key_unknown"
    LOGIN_FORMAT_UNKNOWN = "login_format_unknown"
    REMEMBER_EXPIRED = "remember_expired"
    REMEMBER_STOLEN = "remember_stolen"
    CREDENTIAL_MALFORMED = "credential_malformed"
    CREDENTIAL_REJECTED = "credential_rejected"
    CREDENTIAL_FOREIGN = "credential_foreign"
    CREDENTIAL_UNKNOWN = "credential_unknown"
    # which token
    TOKEN_MALFORMED = "token_malformed"  # noqa: S105 - the name of a reason, as are all below
    TOKEN_UNKNOWN = "token_unknown"  # noqa: S105
    TOKEN_EXPIRED = "token_expired"  # noqa: S105
    JWT_MALFORMED = "jwt_malformed"
    JWT_ALGORITHM = "jwt_algorithm"
    JWT_KEY_UNKNOWN = "jwt_key_unknown"
    JWT_SIGNATURE = "jwt_signature"
    JWT_TYPE = "jwt_type"
    JWT_CLAIMS = "jwt_claims"
    JWT_ISSUER = "jwt_issuer"
    JWT_AUDIENCE = "jwt_audience"
    JWT_EXPIRED = "jwt_expired"
    JWT_NOT_YET = "jwt_not_yet"
    JWT_LIFETIME = "jwt_lifetime"
    JWT_REVOKED = "jwt_revoked"
    DPOP_MISSING = "dpop_missing"
    DPOP_SCHEME = "dpop_scheme"
    DPOP_INVALID = "dpop_invalid"
    DPOP_REPLAYED = "dpop_replayed"
    # from where
    COOKIE_COSTLY = "cookie_costly"
    CSRF_DUPLICATE_HEADER = "csrf_duplicate_header"
    CSRF_CROSS_SITE = "csrf_cross_site"
    CSRF_ORIGIN_UNTRUSTED = "csrf_origin_untrusted"
    CSRF_ORIGIN_NULL = "csrf_origin_null"
    CSRF_ORIGIN_MALFORMED = "csrf_origin_malformed"
    CSRF_SCHEME_MISMATCH = "csrf_scheme_mismatch"
    CSRF_REFERER_FOREIGN = "csrf_referer_foreign"
    CSRF_TOKEN_MISSING = "csrf_token_missing"  # noqa: S105 - the name of a reason, not a token
    CSRF_TOKEN_INVALID = "csrf_token_invalid"  # noqa: S105 - the name of a reason, not a token
    CSRF_KEY_UNKNOWN = "csrf_key_unknown"
    WEBSOCKET_ORIGIN = "websocket_origin"
    HOST_UNLISTED = "host_unlisted"
    # at the login desk
    LOGIN_FAILED = "login_failed"
    LOGIN_MALFORMED = "login_malformed"
    LOGIN_THROTTLED = "login_throttled"
    FORM_INVALID = "form_invalid"
    LINK_INVALID = "link_invalid"
    LINK_SPENT = "link_spent"
    FACTOR_WRONG = "factor_wrong"
    FACTOR_NOT_ASKED = "factor_not_asked"
    PASSKEY_REJECTED = "passkey_rejected"
    # back from a foreign login server
    FOREIGN_MALFORMED = "foreign_malformed"
    FOREIGN_STATE = "foreign_state"
    FOREIGN_ISSUER = "foreign_issuer"
    FOREIGN_DENIED = "foreign_denied"
    FOREIGN_CLIENT = "foreign_client"
    FOREIGN_CODE = "foreign_code"
    FOREIGN_TOKEN = "foreign_token"  # noqa: S105 - the name of a reason, not a token
    FOREIGN_UNAVAILABLE = "foreign_unavailable"
    FOREIGN_EMAIL = "foreign_email"
    FOREIGN_UNKNOWN = "foreign_unknown"
    FOREIGN_UNLINKED = "foreign_unlinked"
    FOREIGN_TAKEN = "foreign_taken"
    LAST_WAY_IN = "last_way_in"
    # may not, cannot
    ABILITY_MISSING = "ability_missing"
    RULE_DENIED = "rule_denied"
    RULE_HIDDEN = "rule_hidden"
    CLIENT_NOT_USER = "client_not_user"
    USER_NOT_CLIENT = "user_not_client"
    USER_NOT_VERIFIED = "user_not_verified"
    CONFIRMATION_NEEDED = "confirmation_needed"
    FACTORS_MISSING = "factors_missing"
    IMPERSONATED = "impersonated"
    GUESTS_ONLY = "guests_only"
    URL_UNSIGNED = "url_unsigned"
    URL_SIGNATURE = "url_signature"
    URL_KEY_UNKNOWN = "url_key_unknown"
    URL_EXPIRED = "url_expired"
    TOO_MANY_REQUESTS = "too_many_requests"
    STEP_REFUSED = "step_refused"
    SESSION_GONE = "session_gone"
    STORE_UNAVAILABLE = "store_unavailable"
    ISSUER_UNAVAILABLE = "issuer_unavailable"
    # what the request itself reveals: causes, never the code of an answer
    PROXY_UNDECLARED = "proxy_undeclared"
    HOSTS_MIXED = "hosts_mixed"
    COOKIE_NEEDS_HTTPS = "cookie_needs_https"
    COOKIE_KEPT_BACK = "cookie_kept_back"
    COOKIE_THIRD_PARTY = "cookie_third_party"
    CREDENTIALS_OMITTED = "credentials_omitted"
    COOKIE_OTHER_NAME = "cookie_other_name"
    CALLER_IS_PROGRAM = "caller_is_program"
    AUTHORIZATION_STRIPPED = "authorization_stripped"
    FETCH_METADATA_ABSENT = "fetch_metadata_absent"
    CSRF_COOKIE_DUPLICATE = "csrf_cookie_duplicate"
    CSRF_COOKIE_WITHOUT_HEADER = "csrf_cookie_without_header"
    CSRF_HEADER_UNREADABLE = "csrf_header_unreadable"
    # what an outsider is told in place of those that would tell him more
    SESSION_ENDED = "session_ended"


@dataclass(frozen=True, slots=True)
class ReasonEntry:
    """What a reason means to a client and to the developer who has to mend it.

    `hint` may name evidence in braces. `telling` ranks silences: when every guard abstains, the most telling one
    becomes the answer, because it is nearest to what must be mended.
    """

    status: int
    title: str
    hint: str
    telling: int = 0
