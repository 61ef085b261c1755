"""Figures of a run, for people as lines and for other programs as JSON."""

from typing import IO, TYPE_CHECKING, Any, TextIO

import attrs

from dbt.files import dump
from dbt.stops import Stop
from dbt.streams import write_lines

if TYPE_CHECKING:
    from dbt.process import Process


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
