"""The parts of a report as rows and texts: what the page shows, without how."""

import errno
import os
import platform
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from dbt.hooks.outputs.base import Place, clean
from dbt.interfaces.chaining import Reason
from dbt.linux.absent import ABSENT
from dbt.report.calls import Calls, Flame
from dbt.report.syscalls import Sum, SyscallTimes
from dbt.text import NAME, printable

if TYPE_CHECKING:
    from dbt.process import Process

MOST_ROWS = 2000
"""Rows of a table, the most expensive ones."""
MOST_NODES = 100
"""Functions of a call graph, the most expensive ones."""
PARTS = 0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5
"""Parts of the run among which a reader chooses the least cost of functions that are shown."""
_ADDRESS = re.compile(r"(?<![@\w])0x[0-9a-f]+")  # @0x1 is the mode of a block

Cell: TypeAlias = "Number | str"


@attrs.frozen
class Number:
    """A cell with a number: its text, and what it is sorted by."""

    text: str
    value: float


@attrs.frozen
class Table:
    """``note`` says what is left out. The rows are sorted by column ``by``, the largest first, or,
    if it is None, in an order of their own."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    by: int | None = 0
    note: str = ""
    bars: int | None = None
    """The column whose numbers are shares, which are drawn as bars."""


def whole(value: int) -> Number:
    """A count."""
    return Number(f"{value:,}", value)


def share(part: float, all_: float) -> Number:
    """A share, in percent."""
    percent = 100 * part / all_ if all_ else 0.0
    return Number(f"{percent:.1f} %", round(percent, 4))


def seconds(nanoseconds: float) -> Number:
    """A time, in the unit that suits it."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= size:
            return Number(f"{nanoseconds / size:.3g} {unit}", nanoseconds)
    return Number(f"{nanoseconds:.0f} ns", nanoseconds)


def limited(
    name: str, columns: Sequence[str], rows: list[Sequence[Cell]], by: int, **more: Any
) -> Table:
    """A table with the first rows of many."""
    left = len(rows) - MOST_ROWS
    note = f"{left:,} more rows, the least expensive ones, are left out." if left > 0 else ""
    return Table(name, columns, rows[:MOST_ROWS], by, note, **more)


# -- calls -----------------------------------------------------------------------------------------


def profile(calls: Calls) -> Table:
    """A row for each function."""
    names, total = calls.names(NAME), calls.total
    callers = calls.callers(names)
    rows: list[Sequence[Cell]] = [
        (
            names[function],
            whole(cost.calls),
            whole(cost.self_cost),
            share(cost.self_cost, total),
            whole(cost.inclusive),
            share(cost.inclusive, total),
            callers.get(function, ""),
            _place(calls.places.get(function, Place())),
        )
        for function, cost in calls.ranked()
    ]
    columns = (
        "function",
        "calls",
        "self",
        "self %",
        "inclusive",
        "inclusive %",
        "called by",
        "where",
    )
    return limited("profile", columns, rows, 2, bars=3)


def _place(place: Place) -> str:
    file = clean(os.path.basename(place.object), NAME) if place.object else ""
    if place.line is None:
        return file
    return f"{clean(os.path.basename(place.line.path), NAME)}:{place.line.number}"


def flame(found: Flame, total: int) -> dict[str, Any]:
    """What the flame graph is drawn from."""
    return {"names": found.names, "frames": found.frames, "total": total}


def flame_note(found: Flame) -> str:
    """What the flame graph leaves out."""
    notes = []
    if found.left_out:
        notes.append(
            f"{found.left_out:,} frames of {found.least:,} instructions at most are left out."
        )
    if found.merged:
        notes.append(f"{found.merged:,} calls with further paths count for their callers.")
    return " ".join(notes)


def graph(calls: Calls) -> dict[str, Any]:
    """What the call graph is drawn from: functions, the calls from one to another, and how
    many functions, with those that are left out, cost a part of the run at least."""
    names = calls.names(NAME)
    ranked = sorted(calls.ranked(), key=lambda row: -row[1].inclusive)
    index = {function: n for n, (function, _) in enumerate(ranked[:MOST_NODES])}
    edges: Counter[tuple[int, int]] = Counter()
    for arc, cost in calls.arcs.items():
        if arc.caller in index and arc.callee in index:
            edges[index[arc.caller], index[arc.callee]] += cost.calls
    return {
        "nodes": [
            [names[f], cost.calls, cost.self_cost, cost.inclusive]
            for f, cost in ranked[:MOST_NODES]
        ],
        "edges": [[*ends, count] for ends, count in edges.items()],
        "parts": [
            [part, sum(cost.inclusive >= part * calls.total for _, cost in ranked)]
            for part in PARTS
        ],
        "total": calls.total,
    }


# -- system calls ----------------------------------------------------------------------------------


def syscalls(times: SyscallTimes) -> Table:
    """A row for each system call."""
    ranked = sorted(times.sums.items(), key=lambda row: -row[1].time)
    rows: list[Sequence[Cell]] = [
        (
            clean(name, NAME),
            whole(found.calls),
            seconds(found.time) if found.returned else "",
            seconds(found.time / found.returned) if found.returned else "",
            seconds(found.longest) if found.returned else "",
            _errors(found),
        )
        for name, found in ranked
    ]
    return limited("syscalls", ("call", "calls", "time", "mean", "longest", "errors"), rows, 2)


def _errors(found: Sum) -> str:
    return ", ".join(
        f"{errno.errorcode.get(number, number)} {count:,}"
        for number, count in found.errors.most_common()
    )


def longest_syscalls(times: SyscallTimes) -> Table:
    """A row for each of the calls that took longest."""
    rows: list[Sequence[Cell]] = [
        (seconds(call.time), whole(call.number), whole(call.insns), str(call.thread), call.text)
        for call in times.longest()
    ]
    return Table("longest", ("time", "number", "after instructions", "thread", "call"), rows)


# -- the machinery ---------------------------------------------------------------------------------

MEANINGS: Mapping[str, str] = {
    Reason.NOT_TRANSLATED.value: "the next block had no translation yet",
    Reason.DENIED.value: "the chain policy denies the next block (--no-chain)",
    Reason.UNLINKED.value: "the link was not made yet, or direct links are off",
    Reason.INDIRECT_MISS.value: "a computed jump, and those may not chain",
    Reason.RETURN_MISS.value: "a return, and returns may not chain",
    Reason.SYSCALL.value: "a system call",
    Reason.HOOK.value: "a hook",
    Reason.FAULT.value: "an access to memory that was refused",
    Reason.INVALIDATION.value: "a store to a page that holds translated code",
    Reason.TRAP.value: "a check in translated code, of a pass or of hooks",
    Reason.HALT.value: "an instruction that the host serves",
    Reason.BUDGET.value: "the end of a time slice or of a limit",
}


def chaining(stats: Mapping[str, Any]) -> Table:
    """A row for each reason to return to the dispatcher."""
    counted = stats["dispatches"]
    total = sum(counted.values())
    rows: list[Sequence[Cell]] = [
        (reason, whole(count), share(count, total), MEANINGS.get(reason, ""))
        for reason, count in sorted(counted.items(), key=lambda row: -row[1])
    ]
    return Table("chaining", ("reason", "dispatches", "share", "meaning"), rows, 1, bars=2)


def phases(stats: Mapping[str, Any]) -> Table:
    """A row for each phase of the run."""
    spent = dict(stats.get("seconds", {}))
    total = spent.pop("all", 0.0)
    background = stats.get("background_seconds", {})
    rows: list[Sequence[Cell]] = [
        (
            name.replace("_", " "),
            seconds(1e9 * value),
            share(value, total),
            seconds(1e9 * background[name]) if name in background else "",
        )
        for name, value in sorted(spent.items(), key=lambda row: -row[1])
        if value or name in background
    ]
    return Table("phases", ("phase", "time", "share", "in other threads"), rows, 1, bars=2)


def figures(stats: Mapping[str, Any]) -> Table:
    """The figures of ``--stats`` that no other table has."""
    elsewhere = ("dispatches", "syscalls", "unknown_syscalls", "seconds", "background_seconds")
    rows: list[Sequence[Cell]] = []
    for name, value in stats.items():
        if isinstance(value, Mapping):
            if name not in elsewhere:
                rows.extend((f"{name}.{key}", _figure(figure)) for key, figure in value.items())
        else:
            rows.append((name, _figure(value)))
    return Table("figures", ("figure", "value"), rows, by=None)


def _figure(value: Any) -> Cell:
    return Number(f"{value:,}", value) if isinstance(value, int | float) else printable(str(value))


def counters(values: Mapping[str, int], process: "Process") -> Table:
    """The counters of the user's passes."""
    rows: list[Sequence[Cell]] = [
        (clean(name, NAME), whole(count), _addresses(name, process))
        for name, count in sorted(values.items(), key=lambda row: -row[1])
    ]
    return limited("counters", ("counter", "value", "where"), rows, 1)


def _addresses(name: str, process: "Process") -> str:
    """The symbols of the addresses in a counter's name."""
    return printable(" → ".join(process.symbolize(int(pc, 16)) for pc in _ADDRESS.findall(name)))


def unsupported(process: "Process", times: SyscallTimes) -> Table:
    """A row for each kind of request that armdbt does not serve, and each call that it answers as a
    kernel without that call."""
    asked = process.kernel.unknown_syscalls
    without = {name: found.errors[errno.ENOSYS] for name, found in times.sums.items()}
    without = {name: count for name, count in without.items() if count and name not in asked}
    rows: list[Sequence[Cell]] = [
        (clean(name, NAME), whole(count), ABSENT.get(name, "")) for name, count in asked.items()
    ]
    why = "answered as by a kernel without it"
    rows += [(clean(name, NAME), whole(count), why) for name, count in without.items()]
    rows.sort(key=_times, reverse=True)
    return Table("unsupported", ("what the program asked for", "times", "why"), rows, 1)


def _times(row: Sequence[Cell]) -> float:
    return row[1].value if isinstance(row[1], Number) else 0


def injected(process: "Process") -> Table:
    """A row for each rule of --inject."""
    rows: list[Sequence[Cell]] = [
        (printable(rule), whole(matched), whole(done))
        for plan in process.kernel.faults
        for rule, matched, done in plan.report()
    ]
    return Table("injected", ("rule", "calls that match", "made to fail"), rows, by=None)


def host() -> str:
    """The machine of the run in a few words."""
    try:
        with open("/proc/cpuinfo") as lines:
            names = [
                line.partition(":")[2].strip() for line in lines if line.startswith("model name")
            ]
    except OSError:
        names = []
    cpu = printable(names[0], NAME) if names else platform.machine()
    return f"{cpu}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"
