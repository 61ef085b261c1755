"""Work that hangs, crashes or fails is told so, and leaves nothing behind."""

import contextlib
import os
import select
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from dbt.experiments.harness.isolation import Died, in_fresh_interpreter, isolated


def crash() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail() -> None:
    raise RuntimeError("no luck")


def leave() -> None:
    os._exit(3)


def hang() -> None:
    time.sleep(1000)


def _asleep(path: str) -> None:
    Path(path).write_text(str(os.getpid()))
    time.sleep(1000)


def test_an_interpreter_ends_with_the_process_that_waits_for_it(tmp_path: Path) -> None:
    """Such as a worker of a cluster that is killed."""
    path = tmp_path / "pid"
    waiting = os.fork()
    if not waiting:
        with contextlib.suppress(BaseException):
            in_fresh_interpreter(partial(_asleep, str(path)))
        os._exit(0)
    while not path.exists() or not path.read_text():
        time.sleep(0.01)
    end = os.pidfd_open(int(path.read_text()))
    os.kill(waiting, signal.SIGKILL)
    os.waitpid(waiting, 0)
    ended, _, _ = select.select([end], [], [], 60)
    os.close(end)
    assert ended


def test_a_result() -> None:
    assert isolated(lambda: {"pid": os.getpid()}, 30.0)["pid"] != os.getpid()
    assert len(isolated(lambda: b"x" * 1_000_000, 30.0)) == 1_000_000


@pytest.mark.parametrize(
    ("work", "what"),
    [
        (crash, r"crashes \(SIGKILL\)"),
        (fail, "fails: RuntimeError: no luck"),
        (hang, "hangs"),
        (leave, "ends without"),
    ],
)
def test_no_result(work: object, what: str) -> None:
    with pytest.raises(Died, match=what):
        isolated(work, 0.5)  # type: ignore[arg-type]


def test_children_do_not_outlive_it(tmp_path: Path) -> None:
    """A child that keeps the pipe open neither delays the result nor stays."""

    def work() -> int:
        child = os.fork()
        if not child:
            time.sleep(1000)
        return child

    child = isolated(work, 30.0)
    for _ in range(1000):
        try:
            state = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return
        if state == "Z":  # an orphan whose new parent has not looked yet
            return
        time.sleep(0.01)
    pytest.fail("the child is alive")


@pytest.fixture
def slow_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that have closed all they had and are not gone for a while yet."""
    end = os._exit

    def late(status: int) -> None:
        os.closerange(3, 1000)
        time.sleep(0.2)
        end(status)

    monkeypatch.setattr(os, "_exit", late)


def test_a_process_that_takes_its_time_to_end_has_not_hung(slow_to_end: None) -> None:
    with pytest.raises(Died, match="ends without"):
        isolated(leave, 30.0)


def test_a_child_that_keeps_the_pipe_open_does_not_hide_the_end() -> None:
    def work() -> None:
        if os.fork():
            leave()
        hang()

    with pytest.raises(Died, match="ends without"):
        isolated(work, 1e6)


def test_a_process_that_leads_no_group_yet_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "setpgrp", hang)
    with pytest.raises(Died, match="hangs"):
        isolated(leave, 0.1)


# -- A new interpreter -----------------------------------------------------------------------------


def test_a_new_interpreter_gives_its_result() -> None:
    other = in_fresh_interpreter(os.getpid)
    assert other != os.getpid()
    assert in_fresh_interpreter(os.getpid) != other


def test_what_fails_in_a_new_interpreter_is_told() -> None:
    with pytest.raises(Died, match="fails: ValueError: invalid literal"):
        in_fresh_interpreter(partial(int, "seven"))


def test_how_a_new_interpreter_was_killed_is_told() -> None:
    with pytest.raises(Died, match=r"crashes \(SIGSEGV\)"):
        in_fresh_interpreter(partial(signal.raise_signal, signal.SIGSEGV))


def test_much_work_and_much_to_tell() -> None:
    assert len(in_fresh_interpreter(partial(bytes.upper, b"x" * 1_000_000))) == 1_000_000


def test_no_other_children_stay() -> None:
    """A guest that waits for any child would wait for them."""
    in_fresh_interpreter(os.getpid)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_new_interpreter_that_ends_has_no_result() -> None:
    with pytest.raises(Died, match="ends without a result"):
        in_fresh_interpreter(partial(os._exit, 3))
