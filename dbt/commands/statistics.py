"""Figures of a run, for people as lines and for other programs as JSON."""

import re
from collections import Counter
from typing import IO, TYPE_CHECKING, Any, TextIO

import attrs

from dbt.files import dump
from dbt.stops import Stop
from dbt.streams import write_lines
from dbt.text import printable

if TYPE_CHECKING:
    from dbt.process import Process

_ADDRESS = re.compile(r"(?<![@\w])0x[0-9a-f]+")  # @0x1 is the mode of a block


def print_stats(process: "Process", out: TextIO) -> None:
    """Figures of a run as plain aligned lines, what is not supported last."""
    stats = process.stats()
    lines: list[tuple[str, Any]] = []
    for name, value in stats.items():
        if isinstance(value, dict):
            lines.extend((f"{name}.{key}", figure) for key, figure in value.items())
        else:
            lines.append((name, value))
    width = max(len(name) for name, _ in lines)
    lines.extend(sorted(process.counters.snapshot().items()))
    unknown, faults = process.kernel.unknown_syscalls, _faults(process)
    told = [
        "-- statistics",
        *(f"{name:<{width}}  {value:>14}" for name, value in lines),
        *(f"not supported: {name} ({count} times)" for name, count in unknown.items()),
        *(f"fault injected: {rule} ({done} of {matched} calls)" for rule, matched, done in faults),
    ]
    write_lines(out, "\n".join(told))


def print_top(process: "Process", count: int, out: TextIO) -> None:
    """The highest counters, the share of each in all of its kind (the name up to the colon), and
    the symbols of the addresses in its name."""
    counters = process.counters.snapshot()
    sums: Counter[str] = Counter()
    for name, value in counters.items():
        sums[name.partition(":")[0]] += value
    highest = sorted(counters.items(), key=lambda item: -item[1])
    told = [f"-- the {min(count, len(counters))} highest of {len(counters)} counters"]
    for name, value in highest[:count]:
        share = 100 * value / max(1, sums[name.partition(":")[0]])
        symbols = [process.symbolize(int(pc, 16)) for pc in _ADDRESS.findall(name)]
        told.append(f"{value:>16,} {share:5.1f}%  {name}  {' -> '.join(symbols)}".rstrip())
    write_lines(out, "\n".join(map(printable, told)))


def _faults(process: "Process") -> list[tuple[str, int, int]]:
    return [row for plan in process.kernel.faults for row in plan.report()]


def write_stats(process: "Process", stop: "Stop | KeyboardInterrupt", out: IO[str]) -> None:
    """The figures, the counters and how the run ended, as one JSON object."""
    end = {"kind": "Interrupted"}
    if not isinstance(stop, KeyboardInterrupt):
        end = {"kind": type(stop).__name__, **attrs.asdict(stop)}
    faults = [
        {"rule": rule, "matched": matched, "injected": injected}
        for rule, matched, injected in _faults(process)
    ]
    counters = process.counters.snapshot()
    data = {"stop": end, **process.stats(), "counters": counters, "faults": faults}
    dump(data, out)
