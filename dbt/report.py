"""What a run leaves for people and for other programs: tables and JSON."""

import json
from typing import IO, TYPE_CHECKING, Any, TextIO

import attrs

from dbt import plugins
from dbt.hooks.outputs.destination import destination, writing
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


def write_json(path: str, data: object) -> None:
    """Write JSON as ``destination`` writes. Raises UsageError when that fails."""
    with destination(path) as stream, writing(path):
        dump(data, stream)


def dump(data: object, out: IO[str]) -> None:
    """Write JSON as people can read it, one figure a line."""
    json.dump(data, out, indent=1)
    out.write("\n")


def write_stats(process: "Process", stop: Stop | None, out: IO[str]) -> None:
    """The figures, the counters and how the run ended, as one JSON object; None is a run that the
    user has interrupted."""
    end = {"kind": "Interrupted"}
    if stop is not None:
        end = {"kind": type(stop).__name__, **attrs.asdict(stop)}
    faults = [
        {"rule": rule, "matched": matched, "injected": injected}
        for rule, matched, injected in _faults(process)
    ]
    counters = process.counters.snapshot()
    data = {"stop": end, **process.stats(), "counters": counters, "faults": faults}
    dump(data, out)


def _summary(class_: type) -> str:
    return (class_.__doc__ or "").strip().partition("\n")[0]


def print_passes(out: TextIO) -> None:
    """Instrumentation passes by name with their options, then the optimisation pipeline in
    order."""
    from dbt.passes.pipeline import Pipeline
    from dbt.passes.registry import registered

    optimisations = Pipeline.default().names()
    print("instrumentation passes (-p NAME{OPTION=VALUE,…}):", file=out)
    for name, class_ in sorted(registered().items()):
        if name in optimisations:
            continue
        options = ", ".join(
            field.name for field in attrs.fields(class_) if field.metadata.get("option", True)
        )
        print(
            f"  {name + ('{' + options + '}' if options else ''):<24} {_summary(class_)}", file=out
        )
    print("optimisation pipeline, in order (--no-pass NAME):", file=out)
    for name in optimisations:
        print(f"  {name:<24} {_summary(registered()[name])}", file=out)
    for group in plugins.GROUPS[:2]:
        print(f"{group}: {', '.join(sorted(plugins.available(group)))}", file=out)
