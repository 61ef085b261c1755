"""Run a guest program and keep what it did."""

import atexit
import contextlib
import functools
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
from support.forkserver import ForkServer, Outcome


@attrs.frozen
class Measured:
    """An outcome and the figures of ``--stats-json``."""

    outcome: Outcome
    stats: Mapping[str, Any]

    @property
    def instructions(self) -> int:
        return int(self.stats["instructions"])


@functools.cache
def _server() -> ForkServer:
    server = ForkServer()
    atexit.register(server.close)
    return server


def measure(options: Sequence[str], program: Path, *args: str, timeout: float = 120) -> Measured:
    """``armdbt run OPTIONS PROGRAM ARGS`` in a process of its own, with its figures."""
    with tempfile.TemporaryDirectory(prefix="armdbt-measure-") as home:
        figures = Path(home) / "stats.json"
        command = ["run", *options, "--stats-json", str(figures), str(program), *args]
        outcome = _server().run(command, cwd=Path(home), timeout=timeout)
        stats: dict[str, Any] = {}
        with contextlib.suppress(FileNotFoundError):
            stats = json.loads(figures.read_text())
        return Measured(outcome, stats)


def command(
    *argv: str,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    stdin: Path | None = None,
    timeout: float = 60,
) -> Outcome:
    """``armdbt ARGV...`` in a process of its own."""
    return _server().run(argv, cwd=cwd, env=env, stdin=stdin, timeout=timeout)
