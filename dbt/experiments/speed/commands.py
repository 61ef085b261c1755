"""Runs the commands of a case, and measures them from exec to exit."""

import hashlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import attrs

from dbt.stops import UsageError

TIMEOUT = 600.0
"""Seconds after which a command is killed."""


@attrs.frozen
class Case:
    """One piece of work: commands of a guest that run one after the other, in a directory that is
    made for each run."""

    group: str
    name: str
    commands: tuple[tuple[str, ...], ...]
    """The program's path comes first in each."""
    root: str | None = None
    """What the guest sees as ``/``."""
    stdin: Path | None = None
    files: tuple[tuple[str, str], ...] = ()
    """Names and contents of the files that are there."""
    variables: tuple[tuple[str, str], ...] = ()
    """Names and values of environment variables that it needs."""

    @property
    def programs(self) -> tuple[str, ...]:
        """The files that must be there."""
        return tuple(words[0] for words in self.commands)


@attrs.frozen
class Ran:
    """One run of a case."""

    seconds: float
    """Wall time, from the first exec to the last exit."""
    cpu: float
    """Processor time, of all threads and of all processes that were waited for."""
    statuses: tuple[int, ...]
    output: str
    """SHA-256 of what was written to standard output and standard error."""

    @property
    def visible(self) -> tuple[tuple[int, ...], str]:
        """What must be the same for every contender."""
        return self.statuses, self.output


def environment(cache: str | None = None) -> dict[str, str]:
    """The environment variables of every command: what finds programs and our library on disk.
    ``cache`` is the only directory of the library, in place of the user's."""
    own = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = os.environ.get("PATH", os.defpath)
    kept = {"PATH": path, "HOME": "/", "LC_ALL": "C", "XDG_CACHE_HOME": own}
    only = cache or os.environ.get("ARMDBT_CACHE")
    return kept | ({"ARMDBT_CACHE": only} if only else {})


def run(
    case: Case,
    commands: Sequence[Sequence[str]],
    cache: str | None = None,
    timeout: float = TIMEOUT,
) -> Ran:
    """Run commands, the words of a contender, on the files of a case.

    Raises UsageError when a program cannot be started, or a command takes too long.
    """
    given = {**environment(cache), **dict(case.variables)}
    seconds = cpu = 0.0
    statuses = []
    with tempfile.TemporaryDirectory() as directory, tempfile.TemporaryFile() as output:
        for name, content in case.files:
            Path(directory, name).write_text(content)
        for words in commands:
            took, used, status = _timed(words, case.stdin, output, directory, given, timeout)
            seconds += took
            cpu += used
            statuses.append(status)
        output.seek(0)
        digest = hashlib.sha256(output.read()).hexdigest()
    return Ran(seconds, cpu, tuple(statuses), digest)


def _timed(
    words: Sequence[str],
    stdin: Path | None,
    output: IO[bytes],
    directory: str,
    given: Mapping[str, str],
    timeout: float,
) -> tuple[float, float, int]:
    """Wall seconds, processor seconds and status of one command."""
    with open(stdin or os.devnull, "rb") as source:
        began = time.perf_counter()
        try:
            child = subprocess.Popen(
                words, stdin=source, stdout=output, stderr=output, cwd=directory, env=dict(given)
            )
        except OSError as error:
            raise UsageError(f"{words[0]}: {error.strerror}") from None
        timer = threading.Timer(timeout, child.kill)
        timer.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
            seconds = time.perf_counter() - began
            child.returncode = os.waitstatus_to_exitcode(status)
        except BaseException:
            child.kill()
            child.wait()
            raise
        finally:
            timer.cancel()
    if seconds >= timeout:
        raise UsageError(f"{' '.join(words)}: took longer than {timeout:.0f} s")
    return seconds, usage.ru_utime + usage.ru_stime, child.returncode


def armdbt(*words: str) -> list[str]:
    """The words that run armdbt in this interpreter, from whatever directory."""
    return [sys.executable, "-P", "-m", "armdbt", *words]


def main_of(module: str, *words: str) -> list[str]:
    """The words that run the function ``main`` of a module of armdbt in this interpreter."""
    code = f"import sys, armdbt; from {module} import main; sys.exit(main(sys.argv[1:]))"
    return [sys.executable, "-P", "-c", code, *words]
