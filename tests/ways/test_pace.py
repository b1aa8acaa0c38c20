"""Answers that must not tell who has an account leave at an even pace; who has proven himself does not wait for it."""

from __future__ import annotations

from datetime import timedelta
from time import perf_counter
from typing import Any

import pytest

from tests.houses import ADA, PASSWORD
from tests.ways.houses import NEW_PASSWORD

PACE = 0.3
NEW = "new@example.com"


def seconds(world: Any, path: str, handed: dict[str, str]) -> float:
    client = world.visitor()
    began = perf_counter()
    client.post(path, json=handed)
    return perf_counter() - began


@pytest.mark.parametrize(
    ("path", "handed"),
    [
        ("/login", {"email": ADA.email, "password": "wrong"}),
        ("/login", {"email": NEW, "password": "wrong"}),
        ("/register", {"email": NEW, "password": NEW_PASSWORD}),
        ("/register", {"email": ADA.email, "password": NEW_PASSWORD}),
        ("/forgot-password", {"email": ADA.email}),
        ("/send-verification", {"email": NEW}),
        ("/send-link", {"email": NEW}),
    ],
)
def test_who_proves_nothing_waits_for_the_pace(worlds: Any, path: str, handed: dict[str, str]):
    world = worlds(pace=timedelta(seconds=PACE), magic_links="same-browser")
    assert seconds(world, path, handed) >= PACE


@pytest.mark.parametrize(
    ("path", "handed"),
    [
        ("/login", {"email": ADA.email, "password": PASSWORD}),
        ("/verify-email", {"token": "x"}),
        ("/register", {"email": ADA.email}),
    ],
    ids=["the right password", "a link tells nothing of an account", "what has not the shape of the way"],
)
def test_who_has_nothing_to_hide_from_does_not_wait(worlds: Any, path: str, handed: dict[str, str]):
    world = worlds(pace=timedelta(seconds=PACE))
    assert min(seconds(world, path, handed) for _ in range(3)) < PACE
