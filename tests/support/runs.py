"""Run a guest program in this process and keep what it did."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
from support.forkserver import Outcome


@attrs.frozen
class Measured:
    """An outcome and the figures of ``--stats-json``."""

    outcome: Outcome
    stats: Mapping[str, Any]

    @property
    def instructions(self) -> int:
        return int(self.stats["instructions"])


def measure(options: Sequence[str], program: Path, *args: str, timeout: float = 120) -> Measured:
    """``armdbt run OPTIONS PROGRAM ARGS`` in a process of its own, with its figures."""
    with tempfile.TemporaryDirectory(prefix="armdbt-measure-") as home:
        figures = Path(home) / "stats.json"
        command = [sys.executable, "-m", "dbt", "run", *options, "--stats-json", str(figures)]
        done = subprocess.run(
            [*command, str(program), *args],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=timeout,
            check=False,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        )
        stats: dict[str, Any] = {}
        with contextlib.suppress(FileNotFoundError):
            stats = json.loads(figures.read_text())
        return Measured(Outcome(done.returncode, done.stdout, done.stderr), stats)
