"""Run many armdbt commands without paying for the start of Python and numba each time.

A warm process has imported everything and run one program; for each job it forks, and the child
sets its standard streams, directory and environment and calls ``dbt.cli.main``. To the command this
looks like a fresh process. Jobs come as one JSON line over a Unix socket, and one line goes back.
"""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

HELLO = Path(__file__).resolve().parents[1] / "guests" / "hello.elf"
GRACE = 5.0
"""Seconds between the end of a job's own time-out and its killing."""


@attrs.frozen
class Outcome:
    """What a command did. ``status`` is the exit status as a shell has it; -1 when it was killed
    for taking too long. ``crashed``: a signal ended the host process."""

    status: int
    stdout: bytes
    stderr: bytes
    seconds: float = attrs.field(default=0.0, eq=False)
    crashed: bool = False


# -- The server ------------------------------------------------------------------------------------


def run_child(job: dict[str, Any], main: Any, inherited: list[int]) -> None:
    """In a fresh fork: become the command. Never returns."""
    status = 70
    try:
        for fd in inherited:
            os.close(fd)
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # as Python starts
        os.chdir(job["cwd"])
        os.environ.clear()
        os.environ.update(job["env"])
        for fd, name, flags in (
            (0, job["stdin"], os.O_RDONLY),
            (1, job["stdout"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND),
            (2, job["stderr"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND),
        ):
            opened = os.open(name, flags, 0o600)
            os.dup2(opened, fd)
            os.close(opened)
        sys.argv = ["armdbt", *job["argv"]]
        forget_libraries()
        status = main(job["argv"]) or 0
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:  # the parent must never see its child come back up here
        traceback.print_exc()
        status = 1
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def forget_libraries() -> None:
    """Let libraries of stencils be read from disk, as in a fresh process: jobs have kept more since
    this server ran a program, which each job would have to make again."""
    from backends.numba_jit.stencils import kept

    kept._contents.clear()


def shell_status(raw: int) -> int:
    return os.WEXITSTATUS(raw) if os.WIFEXITED(raw) else 128 + os.WTERMSIG(raw)


@attrs.frozen
class Running:
    """A job under way, and where to answer."""

    reply: socket.socket
    pid: int
    start: float
    deadline: float


def serve(path: str) -> None:
    """Answer jobs on the socket at ``path`` until standard input closes."""
    if os.environ.get("ARMDBT_CROWDED"):
        from support.crowded import crowd

        crowd()
    from support.compiled_before import remember

    from dbt.cli import main

    remember()
    warm_up(main)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    print("ready", flush=True)
    running: dict[int, Running] = {}  # by pidfd
    while True:
        watched = [0, listener.fileno(), *running]
        ready, _, _ = select.select(watched, [], [], 0.5 if running else None)
        if 0 in ready:
            return
        for pidfd in [*running]:
            if pidfd in ready:
                finish(running.pop(pidfd), pidfd, in_time=True)
            elif time.monotonic() > running[pidfd].deadline:
                finish(running.pop(pidfd), pidfd, in_time=False)
        if listener.fileno() in ready:
            pidfd, job = begin(listener, running, main)
            running[pidfd] = job


def begin(listener: socket.socket, running: dict[int, Running], main: Any) -> tuple[int, Running]:
    """Accept a job and fork its child."""
    connection, _ = listener.accept()
    job = json.loads(connection.makefile().readline())
    pid = os.fork()
    if pid == 0:
        others = [one.reply.fileno() for one in running.values()]
        run_child(job, main, [listener.fileno(), connection.fileno(), *running, *others])
    now = time.monotonic()
    return os.pidfd_open(pid), Running(connection, pid, now, now + job["timeout"] + GRACE)


def finish(job: Running, pidfd: int, *, in_time: bool) -> None:
    """Reap a child, killing it when its time is over, and answer."""
    os.close(pidfd)
    if not in_time:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(job.pid, signal.SIGKILL)
    raw = os.waitpid(job.pid, 0)[1]
    answer(job.reply, raw if in_time else None, time.monotonic() - job.start)


def answer(connection: socket.socket, raw: int | None, seconds: float) -> None:
    """Tell a client how its job ended: a wait status, None when it took too long."""
    status = -1 if raw is None else shell_status(raw)
    crashed = raw is not None and os.WIFSIGNALED(raw)
    with contextlib.suppress(BrokenPipeError), connection:
        connection.sendall(json.dumps([status, seconds, crashed]).encode() + b"\n")


def warm_up(main: Any) -> None:
    """Run one program here, so that children find imports done and compiled code loaded."""
    sys.stdout.flush()
    saved = os.dup(1)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    try:
        for options in (["--hot", "1", "--background", "off"], ["-p", "block-count"]):
            with contextlib.suppress(SystemExit):
                main(["run", *options, str(HELLO)])
    finally:
        sys.stdout.flush()
        os.dup2(saved, 1)
        os.close(saved)
        os.close(null)


# -- The client ------------------------------------------------------------------------------------


class ForkServer:
    """A warm armdbt. ``run`` may be called from several threads at once."""

    def __init__(self) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="armdbt-forkserver-")
        self._socket = str(Path(self._home.name) / "socket")
        root = Path(__file__).resolve().parents[2]
        self._process = subprocess.Popen(
            [sys.executable, __file__, self._socket],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=root,
            env={**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{root / 'tests'}"},
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline() != b"ready\n":
            raise RuntimeError("the fork server did not start")
        self._process.wait(timeout=30)

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        stdin: Path | None = None,
        timeout: float = 60.0,
    ) -> Outcome:
        """Run ``armdbt ARGV...`` in ``cwd`` and wait for its end."""
        with tempfile.TemporaryDirectory(prefix="armdbt-job-") as name:
            out, err = Path(name) / "stdout", Path(name) / "stderr"
            job = {
                "argv": list(argv),
                "cwd": str(cwd),
                "env": dict(env or {}),
                "stdin": str(stdin or os.devnull),
                "stdout": str(out),
                "stderr": str(err),
                "timeout": timeout,
            }
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(self._socket)
                connection.sendall(json.dumps(job).encode() + b"\n")
                line = connection.makefile().readline()
            if not line:
                raise RuntimeError("the fork server is gone")
            status, seconds, crashed = json.loads(line)
            return Outcome(status, out.read_bytes(), err.read_bytes(), seconds, crashed)

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.read()  # ends when the server does
        self._process.stdout.close()
        self._home.cleanup()


if __name__ == "__main__":
    # Not a child of the test run: a guest that waits for any child there must not find it.
    if os.fork() == 0:
        serve(sys.argv[1])
