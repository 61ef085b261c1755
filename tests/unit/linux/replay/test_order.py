"""The order of what several processes of a replay output."""

import os
from pathlib import Path
from typing import Any

import pytest

from dbt.linux.replay.log_file import LogReader, LogWriter
from dbt.linux.replay.order import Order
from dbt.stops import UsageError


def log_of(path: Path, *processes: list[tuple[Any, ...]]) -> LogReader:
    """A log of processes that have done some operations."""
    log = LogWriter(str(path))
    for number, operations in enumerate(processes):
        if number:
            log.in_child(number)
        log.add((1, 0, 0, 0, 0, tuple(operations)))
        log.flush()
    log.close()
    return LogReader(str(path))


def output(number: int) -> tuple[Any, ...]:
    return ("output", number, 1, b"x")


def test_nobody_waits_for_a_process_of_which_the_log_has_no_fork(tmp_path: Path) -> None:
    log = log_of(tmp_path / "log", [output(0), ("fork", 1)], [output(3)], [output(1), output(2)])
    order = Order(log)
    for number in (0, 3):
        with order.turn(number):
            pass
    with pytest.raises(KeyError), order.turn(1):
        pass


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([output(0), ("fork", 1)], [output(0)]),
        ([("fork", 1), ("fork", 1)], [output(0)]),
        ([("fork", 0)], [output(0)]),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, first: Any, second: Any) -> None:
    with pytest.raises(UsageError, match="makes no sense: "):
        Order(log_of(tmp_path / "log", first, second))


@pytest.mark.parametrize("operation", [5, (), ("output",), ("fork", "1"), ("output", b"")])
def test_what_is_no_operation_has_no_place_in_it(tmp_path: Path, operation: Any) -> None:
    order = Order(log_of(tmp_path / "log", [operation, output(0), ("fork", 1)], [output(1)]))
    with order.turn(0):
        pass


def test_nobody_waits_for_a_parent_that_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = Order(log_of(tmp_path / "log", [output(0), ("fork", 1)], [output(1)]))
    monkeypatch.setattr(os, "getppid", lambda: 1)
    with order.turn(1):
        pass
