"""Do something in a process of its own.

``isolated``: it may hang or crash without harm to the experiment. ``in_fresh_interpreter``: it
starts from nothing.
"""

import contextlib
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

_SIZE = struct.Struct("<Q")


class Died(Exception):
    """The work did not come to an end: ``str`` says what happened instead."""


def isolated(work: Callable[[], Result], timeout: float) -> Result:
    """The result of ``work``, done in a forked process; it must be picklable.

    After ``timeout`` seconds the process and all that it started are killed. Raises Died when
    there is no result.
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
    """The result of ``work``, done in an interpreter started for it, whose code and data lie
    elsewhere than ours; work and result must be picklable.

    However this ends, the process and all that it started are gone. Raises Died when there is no
    result.
    """
    data = pickle.dumps(work)
    source, feeding = os.pipe()
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    code = (
        f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import _serve; _serve({writing})"
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


def _serve(writing: int) -> None:
    """The new interpreter: the work comes from standard input."""
    data = sys.stdin.buffer.read()

    def work() -> object:
        return pickle.loads(data)()  # what cannot be loaded has failed, too

    _work(work, writing)


def _result(child: int, reading: int, timeout: float | None) -> Any:
    """What a child sends, and its end."""
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
    done, value = pickle.loads(data)
    if not done:
        raise Died(value)
    return value


def _work(work: Callable[[], object], writing: int) -> None:
    """In the other process: send the result and end, whatever happens."""
    os.setpgrp()
    status = 1
    try:
        try:
            message: tuple[bool, object] = True, work()
        except Exception as error:
            message = False, f"fails: {type(error).__name__}: {error}"
        data = pickle.dumps(message)
        with open(writing, "wb") as stream:
            stream.write(_SIZE.pack(len(data)) + data)
        status = 0
    finally:
        os._exit(status)


def _receive(reading: int, end: int, deadline: float | None) -> bytes | None:
    """A whole message. None when the time or the process, which the pidfd ``end`` tells, is over
    without one. The end of the stream is neither: a guest's children may keep it open, and a
    process that ends closes it first."""
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
    """Kill what is left of the process and its children; how it ended, in words."""
    ended = os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    # Its number is its own as long as nobody has waited for it. It may lead no group yet.
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError):
            kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if not ended:
        return "hangs"
    number = -os.waitstatus_to_exitcode(status)
    return f"crashes ({signal.Signals(number).name})" if number > 0 else "ends without a result"
