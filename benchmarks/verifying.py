"""What it costs to verify a JWT, beside the least that can be done, without any request around it."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from time import thread_time
from typing import Any

from benchmarks import instructions
from benchmarks.ratios import ratio, table
from benchmarks.signed import ALGORITHMS, SUBJECT, Signed, Verifier, signed

FLOOR = "floor"
NAMES = (FLOOR, "guardhouse_verify", "guardhouse_guard", "guardhouse_seen", "by_pyjwt", "by_joserfc")
ROUNDS = 15
REPEATS = {"HS256": 400, "ES256": 100, "EdDSA": 100}
"""How many tokens a turn verifies; a signature of a key pair takes twenty times as long."""
WARM_UP = 130
TITLE = (
    "Verifying a JWT: processor time, x the floor of its algorithm (median ± half the interquartile range)"
)
COUNTED_TITLE = "Verifying a JWT: instructions, x the floor of its algorithm (callgrind)"

Times = Mapping[str, Mapping[str, Sequence[float]]]
"""Seconds by algorithm, verifier and round."""


def checked(name: str, tokens: Signed) -> Verifier:
    """Load a verifier, and hold it to what it must believe and what it must not."""
    verifier: Verifier = import_module(f"benchmarks.verifiers.{name}").verifier(
        tokens.algorithm, tokens.public
    )
    for text in tokens.good:
        found = verifier.verify(verifier.prepare(text))
        assert found == (SUBJECT if verifier.claims else None), f"{name}: {tokens.algorithm} gave {found!r}"
    refused = [tokens.forged] if name == FLOOR else [tokens.forged, tokens.expired, tokens.foreign]
    for text in refused:
        assert not _believes(verifier, text), f"{name}: {tokens.algorithm} believed what it must not"
    return verifier


def _believes(verifier: Verifier, text: bytes) -> bool:
    try:
        verifier.verify(verifier.prepare(text))
    except Exception:  # noqa: BLE001 - each library has its own
        return False
    return True


def measure(rounds: int) -> Times:
    """Check everybody, then time all of them in every round."""
    tokens = {algorithm: signed(algorithm) for algorithm in ALGORITHMS}
    verifiers = {(one, name): checked(name, tokens[one]) for one in ALGORITHMS for name in NAMES}
    times: dict[str, dict[str, list[float]]] = {one: {name: [] for name in NAMES} for one in ALGORITHMS}
    for turn in range(rounds + 1):
        for (algorithm, name), verifier in verifiers.items():
            seconds = _time(verifier, tokens[algorithm])
            if turn:  # the first round warms up
                times[algorithm][name].append(seconds)
    return times


def _time(verifier: Verifier, tokens: Signed) -> float:
    prepared = _prepared(verifier, tokens, REPEATS[tokens.algorithm])
    gc.collect()
    began = thread_time()
    _verify_all(verifier, prepared)
    return (thread_time() - began) / len(prepared)


def _prepared(verifier: Verifier, tokens: Signed, number: int) -> list[Any]:
    """Make new byte strings, as they come from a socket, of all tokens in turn."""
    texts = [bytes(bytearray(tokens.good[place % len(tokens.good)])) for place in range(number)]
    return [verifier.prepare(text) for text in texts]


def _verify_all(verifier: Verifier, prepared: list[Any]) -> None:
    verify = verifier.verify
    for one in prepared:
        verify(one)


def count(names: Sequence[str] = NAMES) -> Mapping[str, Mapping[str, float]]:
    """Count instructions by verifier and algorithm, as ratios to the floor."""
    counted = {
        name: instructions.marked(["benchmarks.verifying", name], 100)
        for name in {FLOOR: 1, **dict.fromkeys(names)}
    }
    return {
        name: {algorithm: number / counted[FLOOR][algorithm] for algorithm, number in counts.items()}
        for name, counts in counted.items()
    }


def run(name: str, repeats: int) -> None:
    """Be what valgrind watches: a batch of each algorithm between two marks."""
    ready = [(algorithm, tokens := signed(algorithm), checked(name, tokens)) for algorithm in ALGORITHMS]
    for _, tokens, verifier in ready:
        _verify_all(verifier, _prepared(verifier, tokens, WARM_UP))
    instructions.begin_to_count()
    for algorithm, tokens, verifier in ready:
        prepared = _prepared(verifier, tokens, repeats)
        os.getppid()
        _verify_all(verifier, prepared)
        os.getppid()
        print(algorithm)


def _title(name: str) -> str:
    title: str = import_module(f"benchmarks.verifiers.{name}").TITLE
    return title


def report(times: Times) -> str:
    """Print ratios to the floor, and the floors themselves for the scale."""
    rows = [
        [_title(name), *(str(ratio(times[one][name], times[one][FLOOR])) for one in times)] for name in NAMES
    ]
    scale = ", ".join(f"{one} {min(times[one][FLOOR]) * 1e6:.1f} us" for one in times)
    return f"{table(TITLE, ['', *times], rows)}\n(for scale, the floors: {scale})"


def main(rounds: int = ROUNDS) -> None:
    """Measure and print; count too, where valgrind is."""
    print(report(measure(rounds)), flush=True)
    if instructions.available():
        counted = count()
        rows = [[_title(name), *(f"{number:.2f}" for number in counted[name].values())] for name in NAMES]
        print(table(COUNTED_TITLE, ["", *ALGORITHMS], rows), flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run(sys.argv[1], int(sys.argv[2]))
    else:
        main()
