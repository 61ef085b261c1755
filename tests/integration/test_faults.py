"""Fault plans on a program: the guest gets the errors, and only where the plan says so."""

import json
from pathlib import Path

import pytest
from support.guests import guest
from support.runs import command

FAILING = str(guest("failing"))


def run(tmp_path: Path, *plans: str, options: tuple[str, ...] = ()) -> tuple[list[str], str, int]:
    """The guest's lines, what went to standard error, the status."""
    injected = [option for plan in plans for option in ("--inject", plan)]
    outcome = command("run", *options, *injected, FAILING, cwd=tmp_path)
    return outcome.stdout.decode().splitlines(), outcome.stderr.decode(), outcome.status


UNHARMED = [
    "null 0 0 0 0 0 0 0 0 0",
    "zero 0 0 0",
    "read 1 1 1 1 1 1 1",
    "write 1 1 1 1",
    "brk 4096",
    "child 4",
]


def test_without_a_plan(tmp_path: Path) -> None:
    assert run(tmp_path) == (UNHARMED, "", 0)


@pytest.mark.parametrize(
    ("plan", "line", "expected"),
    [
        ("openat: ENOENT every 3rd", 0, "null 0 0 -2 0 0 -2 0 0 -2"),
        ("openat: ENOENT every 3rd", 1, "zero 0 0 -2"),
        ('openat "/dev/z*": EACCES always', 1, "zero -13 -13 -13"),
        ('openat "/dev/z*": EACCES always', 0, UNHARMED[0]),
        ("read: EIO after 5", 2, "read 1 1 1 1 1 -5 -5"),
        ("write fd=3: EINTR first", 3, "write -4 1 1 1"),
        ("write fd=9: EINTR first", 3, UNHARMED[3]),
    ],
)
def test_the_guest_sees_the_error(tmp_path: Path, plan: str, line: int, expected: str) -> None:
    lines, _, _ = run(tmp_path, plan)
    assert lines[line] == expected


def test_an_injected_broken_pipe_brings_its_signal(tmp_path: Path) -> None:
    _, _, status = run(tmp_path, "write fd=3: EPIPE at 4")
    assert status == 128 + 13


def test_several_plans(tmp_path: Path) -> None:
    lines, _, status = run(tmp_path, "fork: EAGAIN", "openat: ENOENT first\nread: EIO first 2")
    assert lines[0] == "null -2 0 0 0 0 0 0 0 0"
    assert lines[2] == "read -5 -5 1 1 1 1 1"
    assert lines[-1] == "fork -11"
    assert status == 1


def test_a_child_goes_on_with_its_parents_count(tmp_path: Path) -> None:
    lines, _, _ = run(tmp_path, "openat: ENOENT at 13")
    assert lines[-1] == "child 3"


def test_counted_and_reported(tmp_path: Path) -> None:
    _, told, _ = run(tmp_path, "openat: ENOENT every 3rd", options=("--stats",))
    assert "fault injected: openat: ENOENT every 3rd (4 of 12 calls)\n" in told
    run(tmp_path, "read: EIO after 5", options=("--stats-json", "figures.json"))
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["faults"] == [{"rule": "read: EIO after 5", "matched": 7, "injected": 2}]
    assert figures["syscalls"]["read"] == 5  # the others never ran


def test_injected_errors_are_marked_in_the_trace(tmp_path: Path) -> None:
    _, told, _ = run(tmp_path, "read: EIO at 2", options=("-strace",))
    reads = [line.split(" = ")[1] for line in told.splitlines() if " read(" in line]
    assert reads[:3] == ["1", "-1 errno=5 (Input/output error) (INJECTED)", "1"]


def test_a_bad_plan_is_one_line(tmp_path: Path) -> None:
    lines, told, status = run(tmp_path, "read: EWHAT")
    assert (lines, status) == ([], 2)
    assert told == "armdbt: fault plan: 'read: EWHAT': no error 'EWHAT'\n"
