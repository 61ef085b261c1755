"""What contenders of the interception laboratory cost."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dbt.experiments.contenders import NOTHING, Contender, Mechanism, Observed
from dbt.experiments.guest import Program
from dbt.experiments.measure import Timing, interleave, quartiles
from dbt.hooks.records import Record
from dbt.stops import UsageError

FEW_EVENTS = 1000
"""With fewer there is no saying what one costs."""


class Count:
    """A sink that counts."""

    def __init__(self) -> None:
        self.events = 0

    def __call__(self, _record: Record) -> None:
        self.events += 1


def costs(
    program: Program, functions: Mapping[int, str], chosen: Sequence[Contender], repeats: int
) -> list[dict[str, Any]]:
    """One row a contender, in order; those that refuse the program have no times."""
    last: dict[Contender, Observed] = {}
    events: dict[Contender, int] = {}

    def timed(one: Contender) -> Callable[[], float]:
        def once() -> float:
            sink = Count()
            last[one] = one.watch(program, functions, sink)
            events[one] = sink.events
            return last[one].seconds

        return once

    able = [one for one in chosen if not refuses(one, program, functions)]
    timings = interleave({one: timed(one) for one in able}, repeats)
    bases = {one.group: one for one in able if one.name == NOTHING}
    return [
        _row(one, bases[one.group], timings, last, events, program, functions)
        if one in timings
        else _refused(one)
        for one in chosen
    ]


def refuses(one: Contender, program: Program, functions: Mapping[int, str]) -> bool:
    """True when a contender cannot watch the program at all (said before the rounds begin)."""
    try:
        one.watch(program, functions, Count())
    except UsageError:
        return True
    return False


def _refused(one: Contender) -> dict[str, Any]:
    empty = dict.fromkeys(COLUMNS)
    return {**empty, "group": one.group, "name": one.name, "slowdown_quartiles": [None, None]}


COLUMNS = (
    "group", "name", "seconds", "median_s", "iqr_s", "base_seconds", "slowdown",
    "slowdown_quartiles", "events", "ns_per_event", "guest_agrees", "unsupported", "dispatches",
    "chained_share", "retranslated", "code_bytes",
)  # fmt: skip


def _row(
    one: Contender,
    base: Contender,
    timings: Mapping[Contender, Timing],
    last: Mapping[Contender, Observed],
    events: Mapping[Contender, int],
    program: Program,
    functions: Mapping[int, str],
) -> dict[str, Any]:
    timing, plain = timings[one], timings[base]
    ratios = timing.ratios(plain)
    observed, unwatched = last[one], last[base]
    more = None
    if observed.translated is not None and unwatched.translated is not None:
        more = observed.translated - unwatched.translated
    share = one.chained_share(program, functions) if isinstance(one, Mechanism) else None
    extra = timing.median - plain.median
    return {
        "group": one.group,
        "name": one.name,
        "seconds": list(timing.seconds),
        "median_s": timing.median,
        "iqr_s": timing.iqr,
        "base_seconds": list(plain.seconds),
        "slowdown": statistics.median(ratios) if ratios else None,
        "slowdown_quartiles": list(quartiles(ratios)) if ratios else [None, None],
        "events": events[one],
        "ns_per_event": extra / events[one] * 1e9 if events[one] >= FEW_EVENTS else None,
        "guest_agrees": observed.agrees(unwatched),
        "unsupported": list(observed.unsupported),
        "dispatches": dict(observed.dispatches),
        "chained_share": share,
        "retranslated": more,
        "code_bytes": observed.code_bytes,
    }
