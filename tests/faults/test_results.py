"""What came of runs is kept a line each, and all seeds of a fault on a store are one row of the table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.faults.__main__ import main
from benchmarks.faults.results import HEAD, Result, keep, read, table

ONE = Result(
    fault="F7",
    store="postgres",
    does="stopped",
    seed=1,
    size="10000 sessions, 200 clients, 120 s",
    calls=100,
    failed=0.1,
    broken={"I3 write": 2},
    counted=["I3 write"],
    late=0.010,
    longest=1.0,
    recovery=0.5,
    failures=[],
    notes=["a note"],
)


def test_what_was_kept_is_read_as_it_was(tmp_path: Path):
    file = tmp_path / "build" / "runs.jsonl"
    assert read(file) == []
    keep(file, ONE)
    keep(file, replace(ONE, seed=2))
    assert read(file) == [ONE, replace(ONE, seed=2)]


def test_of_a_run_that_was_made_again_the_last_counts(tmp_path: Path):
    file = tmp_path / "runs.jsonl"
    keep(file, replace(ONE, calls=1))
    keep(file, ONE)
    assert read(file) == [ONE]


def test_seeds_are_one_row_of_sums_and_the_worst_times():
    other = replace(
        ONE, seed=2, calls=300, failed=0.3, late=0.2, longest=3.0, broken={}, failures=["longest"]
    )
    *_, row = table([other, ONE]).splitlines()
    assert row == (
        "| F7 | postgres | stopped | 1 2 | 400 | 25.0% | 0 | 0 | 0 | 2* | 0 | 0 | 200 ms | 3.0 s | 0.5 s "
        "| seed 2: longest |"
    )


def test_each_row_has_a_cell_for_each_column():
    head, rule, row = table([ONE]).splitlines()
    assert {line.count("|") for line in (head, rule, row)} == {len(HEAD) + 1}


def test_the_table_of_a_file_is_printed_and_nothing_is_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "runs.jsonl"
    keep(file, ONE)
    assert main(["--table", "--results", str(file)]) == 0
    assert "| F7 | postgres | stopped | 1 | 100 |" in capsys.readouterr().out


def test_what_a_file_holds_already_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "runs.jsonl"
    keep(file, replace(ONE, fault="F7 lock"))
    assert main(["--fault", "F7 lock", "--go-on", "--results", str(file)]) == 0
    assert "postgres" not in capsys.readouterr().out


def test_a_file_of_something_else_is_one_line_and_status_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "other.jsonl"
    file.write_text('{"fault": "F7"}\n')
    with pytest.raises(SystemExit) as ended:
        main(["--table", "--results", str(file)])
    said = capsys.readouterr().err
    assert (ended.value.code, said.count("\n"), "other.jsonl" in said) == (2, 1, True)


@pytest.mark.parametrize(
    "words", [["--fault", "F99"], ["--store", "oracle"], ["--quick", "--long"], ["--seed", "x"]], ids=" ".join
)
def test_what_there_is_not_is_one_line_and_status_two(words: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "error: argument" in capsys.readouterr().err
