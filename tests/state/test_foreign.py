"""A foreign login is enrolled by issuer and subject, and by nothing that can change."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.foreign import ForeignIdentity, Subject, enrolment_of, name_of, subject_of

ISSUER, NOW = "https://login.example.com", 1_800_000_000.0
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def test_an_enrolment_says_whom_it_is_about_to_who_may_read_it():
    identity = ForeignIdentity("partner", ISSUER, "1001", "ada@example.com", True, "Ada")
    enrolled = enrolment_of(identity, "users:1", NOW)
    assert (enrolled.kind, enrolled.owner, enrolled.label) == (Kind.FOREIGN, "users:1", "ada@example.com")
    assert enrolled.name == name_of(ISSUER, "1001")
    assert subject_of(enrolled) == Subject(ISSUER, "1001")
    assert "1001" not in repr((identity, enrolled, subject_of(enrolled)))


def test_a_label_is_what_there_is():
    labels = [
        enrolment_of(ForeignIdentity("partner", ISSUER, "1", email, False, name), "users:1", NOW).label
        for email, name in (("a@example.com", "Ada"), (None, "Ada"), (None, None))
    ]
    assert labels == ["a@example.com", "Ada", "partner"]


def test_other_enrolments_are_about_nobody_elsewhere():
    enrolled = enrolment_of(ForeignIdentity("partner", ISSUER, "1"), "users:1", NOW)
    assert subject_of(enrolled.changed(body=b"\xff")) is None
    assert subject_of(Enrolment(Kind.PASSKEY, "x", "users:1", NOW, enrolled.body)) is None


@given(TEXT, TEXT, TEXT, TEXT)
def test_two_logins_have_one_name_only_if_they_are_one(issuer, subject, other_issuer, other_subject):
    same = (issuer, subject) == (other_issuer, other_subject)
    assert (name_of(issuer, subject) == name_of(other_issuer, other_subject)) is same


@given(TEXT, st.integers(0, 40))
def test_no_letter_can_be_moved_from_the_one_to_the_other(text, cut):
    names = {name_of(text[:place], text[place:]) for place in range(len(text) + 1)}
    assert len(names) == len(text) + 1
    assert name_of(text[:cut], text[cut:]) in names
