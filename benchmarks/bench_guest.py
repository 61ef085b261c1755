"""How fast do guest programs run, as a ratio to qemu-arm measured in the same rounds?

A ratio above 1 is faster than qemu-arm. Each side is timed as a whole process by the processor time
it used (all are single-threaded, and other load on the machine does not count), and that of a
program that does nothing is taken off: the ratios are of translating and running code, start-up has
its own row. Each figure is the median over rounds of the ratio within a round.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.harness import QEMU, arguments, geometric_mean, interleave, qemu_version, report
from benchmarks.programs import Program, selected

MODES = {
    "tier 0": ["--tier", "0"],
    "tier 2 unchained": ["--tier", "2", "--chain", "off"],
    "tier 2 chained": ["--tier", "2"],
    "auto": ["--tier", "auto"],
}
ARMDBT = [sys.executable, "-m", "dbt", "run"]


def timed(command: Sequence[str], expected: bytes | None) -> float:
    """Processor seconds of a command, whose output must be ``expected``."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        printed = output.read()
    if process.returncode or (expected is not None and printed != expected):
        raise SystemExit(f"{' '.join(command)}: status {process.returncode}\n{printed.decode()}")
    return usage.ru_utime + usage.ru_stime


def contenders(command: list[str], expected: bytes | None) -> dict[str, Callable[[], float]]:
    runs = {name: [*ARMDBT, *options, *command] for name, options in MODES.items()}
    if qemu_version() != "missing":
        runs = {"qemu": [QEMU, *command], **runs}
    return {name: lambda run=run: timed(run, expected) for name, run in runs.items()}  # type: ignore[misc]


def start_up(repeats: int) -> dict[str, float]:
    """Seconds that each contender takes for a program that does nothing."""
    spin = Path(__file__).resolve().parents[1] / "tests" / "guests" / "spin.elf"
    found = interleave(contenders([str(spin), "x"], b""), max(repeats, 3))
    return {name: timing.median for name, timing in found.items()}


def measure(
    program: Program, *, short: bool, repeats: int, idle: dict[str, float]
) -> dict[str, Any]:
    """One row: qemu's seconds and each mode's ratio to it."""
    command = program.command(short=short)
    expected = None
    if qemu_version() != "missing":
        expected = subprocess.run([QEMU, *command], capture_output=True, check=True).stdout
    timings = interleave(contenders(command, expected), repeats)
    row: dict[str, Any] = {"program": program.name}
    net = {
        name: [max(seconds - idle[name], 1e-9) for seconds in timing.seconds]
        for name, timing in timings.items()
    }
    row["qemu s"] = timings["qemu"].median if "qemu" in net else None
    for name in MODES:
        row[f"{name} s"] = round(timings[name].median, 4)
        row[f"{name} spread"] = round(timings[name].spread, 3)
        row[name] = None
        if "qemu" in net:
            ratios = [base / own for base, own in zip(net["qemu"], net[name], strict=True)]
            row[name] = statistics.median(ratios)
    return row


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(__doc__, argv)
    idle = start_up(options.repeats)
    rows = [
        measure(program, short=options.short, repeats=options.repeats, idle=idle)
        for program in selected(options.only)
    ]
    mean: dict[str, Any] = {"program": "geometric mean"}
    for name in MODES:
        ratios = [row[name] for row in rows if row[name] is not None]
        mean[name] = geometric_mean(ratios) if ratios else None
    rows.append(mean)
    rows.append(
        {"program": "start-up s", "qemu s": idle.get("qemu"), **{m: idle[m] for m in MODES}}
    )
    columns = ["program", "qemu s", *MODES]
    report("guest speed, ratio to qemu-arm (start-up taken off)", columns, rows, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
