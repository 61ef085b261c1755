"""Calls a function in another process.

``isolated`` forks, so that a hang or a crash does not harm the experiment;
``in_fresh_interpreter`` starts a new Python, so that nothing is shared with this process.
"""

import contextlib
import ctypes
import os
import pickle
import select
import signal
import struct
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

Result = TypeVar("Result")

_PR_SET_PDEATHSIG = 1
_SIZE = struct.Struct("<Q")
RETURNS = "returns"
"""How the words begin on a result that cannot be sent."""
_MAY_RETURN = "return numbers, texts, bytes, arrays, or lists and dicts of them"


class Died(Exception):
    """The work has given no result; ``str`` says what happened, as the end of a sentence."""


def isolated(work: Callable[[], Result], timeout: float) -> Result:
    """Call ``work`` in a forked process and return its result, which must be picklable.

    After ``timeout`` seconds the process and all its descendants in its group are killed. Raises
    Died when there is no result.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _work(work, writing)
    os.close(writing)
    result: Result = _result(child, reading, timeout)
    return result


def in_fresh_interpreter(work: Callable[[], Result]) -> Result:
    """Call ``work`` in an interpreter started for it and return its result. Code and data lie at
    other addresses there. Work and result must be picklable.

    The process and all that it started are killed at the end, and the process also when this one
    is. Raises Died when there is no result.
    """
    data = pickle.dumps(work)
    source, feeding = os.pipe()
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    code = (
        f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import _serve;"
        f" _serve({writing}, {os.getpid()})"
    )
    child = os.posix_spawn(
        sys.executable,
        [sys.executable, "-c", code],
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, source, 0)],
    )
    os.close(source)
    os.close(writing)
    with contextlib.suppress(BrokenPipeError), open(feeding, "wb") as stream:
        stream.write(data)
    result: Result = _result(child, reading, None)
    return result


def _serve(writing: int, parent: int) -> None:
    """Runs in the new interpreter: read the work from standard input, do it, send the result. It
    ends with the thread that has started it: nobody waits for the result then."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    data = sys.stdin.buffer.read()

    def work() -> object:
        return pickle.loads(data)()  # what cannot be loaded has failed, too

    _work(work, writing)


def _result(child: int, reading: int, timeout: float | None) -> Any:
    """Receive what a child sends and end the child. Raises Died."""
    deadline = None if timeout is None else time.monotonic() + timeout
    end = os.pidfd_open(child)
    try:
        data = _receive(reading, end, deadline)
    finally:
        os.close(reading)
        os.close(end)
        status = _end(child)
    if data is None:
        raise Died(status)
    try:
        done, value = pickle.loads(data)
    except Exception as error:
        what = f"what cannot be read here ({type(error).__name__}: {error})"
        raise Died(f"{RETURNS} {what}: {_MAY_RETURN}") from None
    if not done:
        raise Died(value)
    return value


def _work(work: Callable[[], object], writing: int) -> None:
    """Runs in the other process: send the result and exit, whatever happens."""
    os.setpgrp()
    status = 1
    try:
        try:
            message: tuple[bool, object] = True, work()
        except Exception as error:
            message = False, f"fails: {type(error).__name__}: {error}"
        data = _packed(message)
        with open(writing, "wb") as stream:
            stream.write(_SIZE.pack(len(data)) + data)
        status = 0
    finally:
        os._exit(status)


def _packed(message: tuple[bool, object]) -> bytes:
    """What is sent: of a result that cannot be pickled, why not."""
    try:
        return pickle.dumps(message)
    except Exception as error:
        words = f"{RETURNS} what cannot be pickled ({error}): {_MAY_RETURN}"
        return pickle.dumps((False, words))


def _receive(reading: int, end: int, deadline: float | None) -> bytes | None:
    """A whole message; None at the deadline, or when the process of the pidfd ``end`` has ended
    without one. The end of the stream decides nothing: a guest's children may keep the stream
    open, and a process closes it just before it ends."""
    data = b""
    sources = [reading, end]
    while len(data) < _SIZE.size or len(data) < _SIZE.size + _SIZE.unpack_from(data)[0]:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        ready, _, _ = select.select(sources, [], [], left)
        if reading not in ready:
            return None
        more = os.read(reading, 1 << 16)
        data += more
        if not more:
            sources = [end]
    return data[_SIZE.size :]


def _end(child: int) -> str:
    """Kill the process and its group; returns in words how it had ended, or ``hangs``."""
    ended = os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    # No other process gets its number before waitpid. It may not lead its group yet.
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError):
            kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if not ended:
        return "hangs"
    number = -os.waitstatus_to_exitcode(status)
    return f"crashes ({signal.Signals(number).name})" if number > 0 else "ends without a result"
