"""Every refusal that the documentation shows was really given, in every form of the answer, and to outsiders it says less."""

from __future__ import annotations

import pytest

from guardhouse.core.answer import FOLDED
from guardhouse.core.reasons import Reason
from guardhouse.core.reasons_of_requests import REVEALED
from tests.houses import NAVIGATION
from tests.provoked import COOKIE, PROVOKED, SAME, UNKNOWN_ID, World, ask


@pytest.mark.parametrize("reason", PROVOKED)
def test_it_is_refused_for_what_it_shows(reason: Reason):
    provoked = PROVOKED[reason]()
    causes = [cause["code"] for cause in provoked.document.get("causes", ())]
    if reason in REVEALED:
        assert str(reason) in causes
    else:
        assert provoked.document["code"] == provoked.answer.headers["guardhouse-reason"] == str(reason)
        assert provoked.document["type"] == f"urn:guardhouse:reason:{reason}"
    assert UNKNOWN_ID not in "".join(provoked.request)


def test_all_that_a_request_can_reveal_is_provoked():
    assert set(REVEALED) <= set(PROVOKED)


# -- what an outsider can tell apart ---------------------------------------------------------------------------------


def ended(why: Reason) -> tuple[World, object]:
    """A world of production, and a client that holds a cookie of a session that is over in that way."""
    world = World(explain="code", debug=False)
    client = world.logged_in()
    if why is Reason.SESSION_EXPIRED:
        world.clock.advance(7200)
    elif why is Reason.SESSION_UNKNOWN:
        client.cookies.set("__Host-gh", UNKNOWN_ID, domain="api.example.com")
        client.cookies.delete("__Host-gh", domain="api.example.com", path="/")
        client.headers["Cookie"] = COOKIE
    else:
        store = world.house.parts.store
        for key in store._bodies:  # type: ignore[union-attr]
            store._bodies[key] = b"\xff"  # type: ignore[union-attr]
    return world, client


@pytest.mark.parametrize("headers", [SAME, NAVIGATION | SAME], ids=["a script", "a person"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_expired_session_cannot_be_told_from_one_that_never_was(method, headers):
    told = []
    for why in FOLDED:
        world, client = ended(why)
        events: list[object] = []
        with world.house.overheard(events.append):
            answer = ask(client, method, "/web", headers).answer  # type: ignore[arg-type]
        assert [event.code for event in events] == [str(why)], "the log is exact"  # type: ignore[attr-defined]
        told.append((answer.status_code, sorted(answer.headers.items()), answer.text))
    assert told[0] == told[1] == told[2]
    assert "session_ended" in str(told[0][1])


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
def test_an_unknown_user_cannot_be_told_from_a_wrong_password(email):
    world = World(explain="code", debug=False)
    answer = ask(world.client(), "POST", "/login", SAME, json={"email": email, "password": "wrong"}).answer
    assert (answer.status_code, answer.json()) == (
        422,
        {
            "type": "urn:guardhouse:reason:login_failed",
            "title": "These credentials do not match our records.",
            "status": 422,
            "detail": "These credentials do not match our records.",
            "code": "login_failed",
        },
    )
