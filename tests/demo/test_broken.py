"""Every mistake of the gallery answers with its own reason, when a browser makes it."""

from __future__ import annotations

import time

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from guardhouse.core.reasons import REASONS
from guardhouse.demo.broken import applications
from guardhouse.demo.cases import CASES, GROUPS, Case, Step
from guardhouse.users.passwords import Passwords
from guardhouse.vault.secret import generate_secret
from tests.demo.conftest import FROM_THE_PAGE, ORIGIN, NewClient

OTHER_HOST = "https://localhost:8000"
FROM_THE_OTHER_HOST = {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}


def perform(client: TestClient, step: Step, rendered: str = "v1.of.another.page"):
    """Send what a browser would send, and as axios the token that the page was rendered with."""
    if step.wait:
        return time.sleep(step.wait / 1000)
    headers = dict(FROM_THE_OTHER_HOST if step.other_host else FROM_THE_PAGE) | dict(step.headers)
    if step.client == "axios":
        headers |= {"X-Requested-With": "XMLHttpRequest", "X-CSRF-TOKEN": rendered}
    url = (OTHER_HOST if step.other_host else ORIGIN) + step.path
    if step.credentials == "omit":
        return TestClient(client.app, base_url=ORIGIN).request(step.method, url, headers=headers)
    return client.request(step.method, url, headers=headers)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.slug)
def test_a_mistake_answers_with_its_own_reason_twice(new_client: NewClient, case: Case):
    client = new_client()
    for _ in range(2):
        answers, rendered = [], "v1.of.another.page"
        for step in case.steps:
            answer = perform(client, step, rendered)
            answers.append(answer)
            rendered = answer.json().get("csrf_token", rendered) if answer and answer.content else rendered
        assert [answer.status_code for answer in answers[:-1] if answer] == [
            204 if step.path.endswith("/neighbour") else 200 for step in case.steps[:-1] if not step.wait
        ]
        refusal = answers[-1]
        assert refusal is not None
        assert refusal.json()["code"] == case.reason
        assert refusal.status_code == REASONS[case.reason].status
        assert refusal.json()["hint"]
        assert refusal.json()["trace"]


def test_the_page_of_the_other_host_may_read_its_refusal(new_client: NewClient):
    for case in CASES:
        if case.steps[-1].other_host:
            answer = perform(new_client(), case.steps[-1])
            assert answer is not None
            assert answer.headers["access-control-allow-origin"] == ORIGIN
            assert answer.headers["access-control-allow-credentials"] == "true"


def test_without_its_mistake_the_same_call_is_answered(app: FastAPI, new_client: NewClient):
    client = new_client()
    for slug in (
        "omit",
        "cookie-name",
        "old-key",
        "user-deleted",
        "password-changed",
        "logged-out",
        "store-down",
    ):
        assert client.post(f"/broken/{slug}/login").status_code == 200
        assert client.post(f"/broken/{slug}/do_thing").json() == {"done": 1}


def test_there_are_enough_mistakes_and_every_one_has_its_application():
    assert len(CASES) >= 8
    assert len({case.reason for case in CASES}) >= 8
    assert {case.slug for case in CASES} == set(applications(Passwords(), generate_secret()))


def test_every_mistake_says_where_it_was_made():
    for case in CASES:
        assert any(line.startswith("!") for line in case.code.splitlines()), case.slug
        assert all(step.says for step in case.steps)


def test_the_gallery_is_served_as_data(new_client: NewClient):
    groups = new_client().get("/broken").json()["groups"]
    assert [group["title"] for group in groups] == [group.title for group in GROUPS]
    assert [case["slug"] for group in groups for case in group["cases"]] == [case.slug for case in CASES]
