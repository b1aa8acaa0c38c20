"""What a browser that comes back is given, in which order, and what is ended where its cookie is no good."""

from __future__ import annotations

from guardhouse.core.events import AccountChanged
from guardhouse.core.reasons import Reason
from guardhouse.flows import plan as to
from guardhouse.flows.remember import CAME_BACK, Next, come_back, come_back_beside, over, stolen
from guardhouse.mail.letter import Letter
from guardhouse.state.enrolment import DEVICES, Enrolment, Kind

ADA = to.Whose("ada", "users:1", "web")
SERIES = Enrolment(Kind.REMEMBERED, "n", "users:1", 1.0, ends=9.0)
TURNED = SERIES.changed(body=b"next", used=2.0)
GIVEN, ERASED = to.Cookie("c", "value", 7), to.Cookie("c", "", 0)
LETTER = Letter("theft", "ada@example.com", {})


def kinds(plan: to.Plan) -> list[type]:
    return [type(effect) for effect in plan.effects]


def test_a_series_turns_before_anybody_is_logged_in_and_its_cookie_is_there_when_the_session_is_not():
    plan = come_back(ADA, Next(SERIES, TURNED, GIVEN))
    assert plan.then == CAME_BACK
    assert kinds(plan) == [to.Change, to.Cookie, to.ComeBack, to.Tell]
    assert plan.effects[2] == to.ComeBack("ada", "n")


def test_the_loser_of_a_turn_is_told_what_no_visitor_is_told_here():
    turn = come_back(ADA, Next(SERIES, TURNED, GIVEN)).effects[0]
    assert turn == to.Change(SERIES, TURNED, Reason.SESSION_GONE)


def test_a_tab_beside_is_logged_in_and_keeps_its_hands_off_the_cookie():
    assert come_back_beside(ADA, SERIES) == to.Plan(CAME_BACK, (to.ComeBack("ada", "n"),))


def test_what_is_over_is_forgotten_on_both_sides_and_a_second_time_is_well():
    plan = over(ERASED, "past its end", SERIES)
    assert plan.then == to.Refuse(Reason.REMEMBER_EXPIRED, {"remembered": "past its end"})
    assert plan.effects == (to.Withdraw("users:1", Kind.REMEMBERED, "n", None), ERASED)
    assert over(ERASED, "not one of ours").effects == (ERASED,)


def test_a_copy_ends_first_what_could_come_back_then_what_is_there_and_then_tells():
    once = to.Spend(b"x", 9.0, Reason.REMEMBER_STOLEN)
    plan = stolen(ADA, ERASED, LETTER, once)
    assert plan.then == to.Refuse(Reason.REMEMBER_STOLEN)
    assert plan.effects == (
        to.WithdrawAll("users:1", DEVICES),
        to.EndSessions("ada"),
        ERASED,
        once,
        to.Tell(AccountChanged("web", "ada", "remembered_device_stolen")),
        to.Send(LETTER),
    )


def test_a_copy_ends_everything_also_where_nobody_is_written_to():
    assert kinds(stolen(ADA, ERASED, None)) == [to.WithdrawAll, to.EndSessions, to.Cookie, to.Tell]
