"""What every benchmark shares: machine facts, interleaved repeats, medians, JSON, tables."""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import attrs

QEMU = "qemu-arm"
GUESTS = Path(__file__).resolve().parent / "guests"


def machine_facts() -> dict[str, str]:
    """What a reader needs to know before comparing figures."""
    facts = {
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cpu": _cpu(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
    }
    for package in ("armdbt", "numba", "llvmlite", "numpy"):
        try:
            facts[package] = version(package)
        except PackageNotFoundError:
            facts[package] = "missing"
    facts["qemu"] = qemu_version()
    return facts


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith(("model name", "Model")):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"


def qemu_version() -> str:
    if shutil.which(QEMU) is None:
        return "missing"
    done = subprocess.run([QEMU, "--version"], capture_output=True, text=True, check=False)
    return done.stdout.partition("\n")[0].partition("version ")[2]


@attrs.frozen
class Timing:
    """Seconds of one contender, in the order they were taken."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def spread(self) -> float:
        """(slowest - fastest) / median."""
        return (max(self.seconds) - min(self.seconds)) / self.median


def interleave(contenders: Mapping[str, Callable[[], float]], repeats: int) -> dict[str, Timing]:
    """Run each contender once per round, so that a slow spell of the machine hits all of them.

    A contender returns its seconds.
    """
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(repeats):
        for name, contender in contenders.items():
            taken[name].append(contender())
    return {name: Timing(tuple(seconds)) for name, seconds in taken.items()}


def geometric_mean(values: Iterable[float]) -> float:
    return statistics.geometric_mean(list(values))


# -- Command line and output -----------------------------------------------------------------------


def arguments(description: str | None, argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The options that all benchmarks have."""
    parser = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    parser.add_argument("--short", action="store_true", help="one quick round, to see that it runs")
    parser.add_argument("--repeats", type=int, default=None, help="rounds (5; short: 1)")
    parser.add_argument("--json", type=Path, help="write the results there")
    parser.add_argument("--only", action="append", default=[], help="only these programs")
    options = parser.parse_args(argv)
    if options.repeats is None:
        options.repeats = 1 if options.short else 5
    return options


def report(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    options: argparse.Namespace,
) -> None:
    """Print the rows as a table; with --json, write them with the machine facts."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title)
    for column in columns:
        table.add_column(column, justify="left" if column == columns[0] else "right")
    for row in rows:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    if options.json:
        result = {"benchmark": title, "machine": machine_facts(), "rows": list(rows)}
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(result, indent=1) + "\n")


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
