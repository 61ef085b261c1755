"""Work that hangs, crashes or fails is told so, and leaves nothing behind."""

import os
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from dbt.experiments.isolation import Died, afresh, isolated


def crash() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail() -> None:
    raise RuntimeError("no luck")


def leave() -> None:
    os._exit(3)


def hang() -> None:
    time.sleep(1000)


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


# -- A new interpreter -----------------------------------------------------------------------------


def test_a_new_interpreter_gives_its_result() -> None:
    other = afresh(os.getpid)
    assert other != os.getpid()
    assert afresh(os.getpid) != other


def test_what_fails_in_a_new_interpreter_is_told() -> None:
    with pytest.raises(Died, match="fails: ValueError: invalid literal"):
        afresh(partial(int, "seven"))


def test_how_a_new_interpreter_was_killed_is_told() -> None:
    with pytest.raises(Died, match=r"crashes \(SIGSEGV\)"):
        afresh(partial(signal.raise_signal, signal.SIGSEGV))


def test_much_work_and_much_to_tell() -> None:
    assert len(afresh(partial(bytes.upper, b"x" * 1_000_000))) == 1_000_000


def test_no_other_children_stay() -> None:
    """A guest that waits for any child would wait for them."""
    afresh(os.getpid)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_new_interpreter_that_ends_has_no_result() -> None:
    with pytest.raises(Died, match="ends without a result"):
        afresh(partial(os._exit, 3))
