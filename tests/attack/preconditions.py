"""The named states that a case starts from, each built by asking the application; what cannot be built is skipped."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable, Mapping

from tests.attack.accounts import LONG_PASSWORD, NUL_PASSWORD, disabled, new_user, old_hash
from tests.attack.cases import SetUpError, SkippedError
from tests.attack.device import Device, read_question
from tests.attack.elsewhere import oauth_client_started
from tests.attack.jar import Jar
from tests.attack.scene import SUCCESS, Scene
from tests.ways.phones import Phone

HOUR = 3600
STEPS = 60
"""Two steps of a one-time code, in seconds."""
TOO_MANY_TRIES = 60

RESET_LINK = re.compile(r"/reset-password\?token=([A-Za-z0-9_.-]+)")

Builder = Callable[[Scene], None]


def build(name: str, scene: Scene) -> None:
    """Bring a scene into a named state."""
    builder = BUILDERS.get(name)
    if builder is None:
        raise SkippedError(f"no way to build the state {name!r}")
    builder(scene)


def _anonymous(scene: Scene) -> None:
    """Nothing to do."""


def _anonymous_csrf(scene: Scene) -> None:
    scene.csrf(scene.jar)


def _anonymous_session(scene: Scene) -> None:
    if not _anonymous_id(scene, scene.jar):
        raise SkippedError("the application makes no anonymous sessions")


def _logged_in(scene: Scene) -> None:
    scene.names["SID"] = scene.log_in("USER", scene.jar)
    found = scene.who(scene.jar.cookies)
    if found != scene.user("USER").marker:
        raise SetUpError(f"after the login of USER, protected_get shows {found or 'nobody'}")


def _logged_in_csrf(scene: Scene) -> None:
    _logged_in(scene)
    scene.names["CSRF"] = scene.csrf(scene.jar)


def _logged_in_two(scene: Scene) -> None:
    _logged_in_csrf(scene)
    second = Jar()
    scene.names["SECOND_SID"] = scene.log_in("USER", second)
    scene.names["SECOND_CSRF"] = scene.csrf(second)


def _logged_in_other_user(scene: Scene) -> None:
    scene.names["OTHER_SID"] = scene.log_in("ATTACKER", scene.jar)
    scene.csrf(scene.jar)


def _logged_out_copy(scene: Scene) -> None:
    _logged_in_csrf(scene)
    scene.names["OLD_SID"] = scene.names["SID"]
    answer = scene.visit("logout", scene.jar, headers=[["${CSRF_HEADER}", "${CSRF}"]])
    if answer.status >= 400:
        raise SetUpError(f"logout answered {answer.status}")


def _attacker_session_known(scene: Scene) -> None:
    attacker = Jar()
    scene.names["ATTACKER_SID"] = scene.log_in("ATTACKER", attacker)
    scene.names["ATTACKER_CSRF"] = scene.csrf(attacker)


def _attacker_and_victim(scene: Scene) -> None:
    _logged_in_csrf(scene)
    if "session_list" in scene.target.roles:
        listed = json.loads(scene.visit("session_list", scene.jar).body)["sessions"]
        scene.names["VICTIM_PUBLIC_ID"] = next(one["id"] for one in listed if one["current"])
    _attacker_session_known(scene)


def _attacker_anonymous_sid(scene: Scene) -> None:
    """Where the application makes no anonymous sessions, the next best thing to plant is an id of the right shape."""
    scene.names["ATTACKER_SID"] = _anonymous_id(scene, Jar()) or secrets.token_urlsafe(32)


def _expired_idle(scene: Scene) -> None:
    _logged_in_csrf(scene)
    scene.names["OLD_SID"] = scene.names["SID"]
    scene.move_clock(scene.lifetime("idle") + 60)


def _expired_idle_clock_back(scene: Scene) -> None:
    _expired_idle(scene)
    if scene.whose(scene.names["OLD_SID"]):
        raise SetUpError("the session did not expire")
    scene.move_clock(scene.lifetime("idle") + 60 - HOUR)


def _expired_absolute(scene: Scene) -> None:
    _logged_in_csrf(scene)
    scene.names["OLD_SID"] = scene.names["SID"]
    step, end = scene.lifetime("idle") // 2, scene.lifetime("absolute") + 60
    for moment in range(step, end, step):
        scene.move_clock(moment)
        if moment < end - 120 and not scene.whose(scene.names["OLD_SID"]):
            raise SetUpError(f"a session in use died after {moment} s")
    scene.move_clock(end)


def _near_refresh(scene: Scene) -> None:
    _logged_in_csrf(scene)
    scene.move_clock(scene.lifetime("idle") * 0.9)


def _remember_me(scene: Scene) -> None:
    name = scene.target.cookie("remember")
    if not name:
        raise SkippedError("the application has no remember cookie")
    scene.names["SID"] = scene.log_in("USER", scene.jar, remember=True)
    scene.names["REMEMBER"] = scene.jar.get(name)
    scene.jar.cookies.pop(scene.target.cookie("session"))


def _remember_pw_changed(scene: Scene) -> None:
    _remember_me(scene)
    scene.application.hook(
        "change_password", email=scene.user("USER").username, password=scene.value("NEW_PASS")
    )


def _second_factor(scene: Scene) -> tuple[Phone, list[str]]:
    """Let USER switch the second factor on, and let the code of that grow old."""
    jar = Jar()
    scene.log_in("USER", jar)
    phone = Phone(json.loads(scene.visit("totp_setup", jar).body)["uri"])
    answer = scene.visit("totp_confirm", jar, {"code": phone.code(time.time())})
    if answer.status != 200:
        raise SetUpError(f"the second factor cannot be switched on: {answer.status}")
    scene.move_clock(STEPS)
    return phone, json.loads(answer.body)["recovery_codes"]


def _half_way(scene: Scene, jar: Jar) -> None:
    session = scene.log_in("USER", jar)
    scene.names |= {"HALF_WAY": session, "SID": session, "OLD_SID": session}


def _mfa_pending(scene: Scene) -> None:
    phone, codes = _second_factor(scene)
    scene.names |= {"TOTP": phone.code(time.time() + STEPS), "TOTP_AT:0": phone.code(0), "RECOVERY": codes[0]}
    _half_way(scene, scene.jar)


def _used(role: str, name: str, steps: int = 0) -> Builder:
    """A code that let its owner in a moment ago, or the one so many steps beside it."""

    def used(scene: Scene) -> None:
        phone, codes = _second_factor(scene)
        now, jar = time.time() + STEPS, Jar()
        _half_way(scene, jar)
        code = codes[0] if role == "recovery_code" else phone.code(now)
        answer = scene.visit(role, jar, {"code": code})
        if answer.status != 200:
            raise SetUpError(f"{role} answered {answer.status} to the right code")
        scene.names[name] = phone.code(now + 30 * steps) if steps else code
        _half_way(scene, scene.jar)

    return used


def _throttled(scene: Scene) -> None:
    wrong = {"username": scene.user("USER").username, "password": "wrong"}
    for _ in range(TOO_MANY_TRIES):
        if scene.visit("login", Jar(), wrong).status == 429:
            return
    raise SetUpError(f"no login was throttled in {TOO_MANY_TRIES} tries")


def _broken(fault: str) -> Builder:
    def broken(scene: Scene) -> None:
        _logged_in_csrf(scene)
        scene.break_store(fault)

    return broken


def _store_blip(scene: Scene) -> None:
    _logged_in_csrf(scene)
    scene.break_store("down")
    scene.jar.take(scene.visit("protected_get", Jar(scene.jar.cookies)).headers)
    scene.break_store("ok")


def _limiter_down(scene: Scene) -> None:
    if "store_limiter_down" not in scene.target.hooks:
        raise SkippedError("the limiter of the application keeps its tries in no store that could fail")
    scene.application.hook("store_limiter_down")


def _keys_renewed(*, keep_old: bool) -> Builder:
    """Log in, and let the application start again with a new key, beside the old one or in its place."""

    def renewed(scene: Scene) -> None:
        _logged_in_csrf(scene)
        scene.names["OLD_SIGNED_SID"] = scene.names["SID"]
        scene.application.hook("renew_keys", keep_old=keep_old)
        scene.application.restart()

    return renewed


def _orphan_session(scene: Scene) -> None:
    _logged_in_csrf(scene)
    scene.application.hook("delete_user", id=scene.user("USER").id)


def _sudo_absent(scene: Scene) -> None:
    """Logged in, and too long ago for what asks for a fresh proof."""
    _logged_in_csrf(scene)
    scene.move_clock(scene.lifetime("fresh") + 60)


def _reset_used(scene: Scene) -> None:
    scene.names["USED_RESET"] = token = _reset_link(scene)
    answer = scene.visit(
        "password_reset_confirm", Jar(), {"token": token, "password": scene.value("NEW_PASS")}
    )
    if answer.status not in SUCCESS:
        raise SetUpError(f"a link to a new password sets none: {answer.status} {answer.text[:200]}")


def _reset_expired(scene: Scene) -> None:
    scene.names["RESET_TOKEN"] = _reset_link(scene)
    scene.move_clock(scene.lifetime("reset") + 60)


def _reset_link(scene: Scene) -> str:
    """Ask for a link to a new password, and read its token out of the mailbox, which shows the newest letter first."""
    scene.visit("password_reset_request", Jar(), {"email": scene.user("USER").username})
    found = RESET_LINK.search(scene.visit("mailbox", Jar()).text)
    if found is None:
        raise SetUpError("no link to a new password is in the mailbox")
    return found[1]


def _anonymous_id(scene: Scene, jar: Jar) -> str:
    """Make an anonymous session where the target says how."""
    role = scene.target.fixtures.get("anonymous_session", "")
    if role:
        scene.visit(role, jar)
    return jar.get(scene.target.cookie("session"))


def _token(scene: Scene, *abilities: str) -> str:
    """Let USER issue a token, and forget his browser; return the token's id."""
    jar = Jar()
    scene.log_in("USER", jar)
    scene.names["CSRF"] = scene.csrf(jar)
    wish = {"name": "attack", "scopes": list(abilities)}
    answer = scene.visit("pat_create", jar, wish, headers=[["${CSRF_HEADER}", "${CSRF}"]])
    if answer.status != 201:
        raise SetUpError(f"pat_create answered {answer.status}: {answer.text[:200]}")
    issued = json.loads(answer.body)
    scene.names["PAT"] = issued["token"]
    return str(issued["id"])


def _pat(scene: Scene) -> None:
    _token(scene, "*")


def _pat_and_session(scene: Scene) -> None:
    _pat(scene)
    _logged_in_csrf(scene)


def _pat_read_only(scene: Scene) -> None:
    _token(scene, "read")


def _pat_revoked(scene: Scene) -> None:
    token_id, jar = _token(scene, "*"), Jar()
    scene.log_in("USER", jar)
    headers = [
        *([name, value] for name, value in (("Origin", "${ORIGIN}"), ("Sec-Fetch-Site", "same-origin")))
    ]
    path = f"{scene.target.roles['pat_create'].path}/{token_id}"
    request = {
        "method": "DELETE",
        "path": path,
        "path_role": "pat_create",
        "headers": headers,
        "cookies": "jar",
    }
    answer = scene.ask(scene.message(request, jar))
    if answer.status != 204:
        raise SetUpError(f"a token cannot be revoked: {answer.status}")


def _webauthn_ready(scene: Scene) -> None:
    """Give USER a passkey and ATTACKER another, show that USER's logs in, and hold a question of a browser of nobody's."""
    of_user, of_attacker = (_passkey_of(scene, who) for who in ("USER", "ATTACKER"))
    control = Jar()
    answer = scene.visit("webauthn_login_finish", control, of_user.proved(_question(scene, control)))
    if answer.status not in SUCCESS or scene.who(control.cookies) != scene.user("USER").marker:
        raise SetUpError(f"a passkey that tells no lie does not log in: {answer.status} {answer.text[:200]}")
    scene.device = of_user
    of_user.question, of_user.elsewhere = _question(scene, scene.jar), _question(scene, Jar())
    of_user.other = of_attacker


def _question(scene: Scene, jar: Jar) -> bytes:
    answer = scene.visit("webauthn_login_options", jar)
    if answer.status not in SUCCESS:
        raise SetUpError(f"webauthn_login_options answered {answer.status}")
    return read_question(answer.body)


def _passkey_of(scene: Scene, who: str) -> Device:
    jar, device = Jar(), Device(scene.value("HOST").partition(":")[0], scene.value("ORIGIN"), who.encode())
    scene.log_in(who, jar)
    answer = scene.visit("webauthn_register_options", jar)
    if answer.status not in SUCCESS:
        raise SetUpError(f"webauthn_register_options answered {answer.status}: {answer.text[:200]}")
    made = scene.visit("webauthn_register", jar, device.made(answer.body))
    if made.status not in SUCCESS:
        raise SetUpError(f"webauthn_register answered {made.status}: {made.text[:200]}")
    return device


BUILDERS: Mapping[str, Builder] = {
    "anonymous": _anonymous,
    "anonymous_csrf": _anonymous_csrf,
    "anonymous_session": _anonymous_session,
    "logged_in": _logged_in,
    "logged_in_csrf": _logged_in_csrf,
    "logged_in_two": _logged_in_two,
    "logged_in_other_user": _logged_in_other_user,
    "logged_in_near_refresh": _near_refresh,
    "logged_out_copy": _logged_out_copy,
    "attacker_anonymous_sid": _attacker_anonymous_sid,
    "attacker_session_known": _attacker_session_known,
    "attacker_and_victim_sessions": _attacker_and_victim,
    "expired_idle": _expired_idle,
    "expired_idle_clock_back": _expired_idle_clock_back,
    "expired_absolute": _expired_absolute,
    "remember_me": _remember_me,
    "remember_pw_changed": _remember_pw_changed,
    "mfa_pending": _mfa_pending,
    "totp_just_used": _used("totp_challenge", "USED_TOTP"),
    "totp_prev_used": _used("totp_challenge", "USED_TOTP", -1),
    "recovery_used": _used("recovery_code", "USED_RECOVERY"),
    "throttled": _throttled,
    "sudo_absent": _sudo_absent,
    "reset_used": _reset_used,
    "reset_expired": _reset_expired,
    "pat": _pat,
    "pat_and_session": _pat_and_session,
    "pat_read_only": _pat_read_only,
    "pat_revoked": _pat_revoked,
    "oauth_client_started": oauth_client_started,
    "webauthn_ready": _webauthn_ready,
    "store_down": _broken("down"),
    "store_slow": _broken("slow"),
    "store_corrupt_payload": _broken("corrupt"),
    "disk_full": _broken("full"),
    "store_blip": _store_blip,
    "store_down_limiter": _limiter_down,
    "key_rotated_once": _keys_renewed(keep_old=True),
    "key_retired": _keys_renewed(keep_old=False),
    "orphan_session": _orphan_session,
    "user_old_hash": old_hash,
    "user_disabled": disabled,
    "user_with_long_password": new_user("LONGPW", password=LONG_PASSWORD),
    "user_with_nul_password": new_user("NULPW", password=NUL_PASSWORD),
}
