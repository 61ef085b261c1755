"""Measures what the contenders of the interception laboratory cost."""

import statistics
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import attrs

from dbt.experiments.harness.guest_run import Program
from dbt.experiments.harness.isolation import in_fresh_interpreter
from dbt.experiments.harness.measure import Timing, quartiles
from dbt.experiments.harness.rounds import Place, rounds
from dbt.experiments.interception.contenders import NOTHING, Contender, Observed, Ours
from dbt.hooks.records import Record
from dbt.stops import UsageError

FEW_EVENTS = 1000
"""With fewer events, the cost of one is not computed."""


class Count:
    """A sink that counts."""

    def __init__(self) -> None:
        self.events = 0

    def __call__(self, _record: Record) -> None:
        self.events += 1


@attrs.frozen
class Watched:
    """What a run showed, and the number of its events."""

    observed: Observed
    events: int

    @property
    def seconds(self) -> float:
        """Processor time."""
        return self.observed.seconds


def costs(
    program: Program,
    functions: Mapping[int, str],
    chosen: Sequence[Contender],
    repeats: int,
    place: Place[Contender, Watched] = in_fresh_interpreter,
) -> tuple[list[dict[str, Any]], dict[str, object]]:
    """One row a contender, in order, and what there is to say of the rounds. The row of one that
    cannot watch the program has no times.

    ``place`` calls a round (``rounds``).
    """
    able = [one for one in chosen if not refuses(one, program, functions)]
    tasks = {one: partial(watched, one, program, functions) for one in able}
    taken = rounds(tasks, repeats, place=place)
    bases = {one.group: one for one in able if one.name == NOTHING}
    rows = []
    for one in chosen:
        if one in taken:
            share = one.chained_share(program, functions) if isinstance(one, Ours) else None
            rows.append(_row(one, taken[one], taken[bases[one.group]], share))
        else:
            rows.append(_refused(one))
    return rows, taken.facts


def watched(one: Contender, program: Program, functions: Mapping[int, str]) -> Watched:
    """Run the program once, watched by a contender, and count its events."""
    sink = Count()
    observed = one.watch(program, functions, sink)
    return Watched(observed, sink.events)


def refuses(one: Contender, program: Program, functions: Mapping[int, str]) -> bool:
    """Whether a contender cannot watch the program at all."""
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
    one: Contender, own: Sequence[Watched], base: Sequence[Watched], share: float | None
) -> dict[str, Any]:
    timing, plain = Timing.of(own), Timing.of(base)
    ratios = timing.ratios(plain)
    observed, events, unwatched = own[-1].observed, own[-1].events, base[-1].observed
    more = None
    if observed.translated is not None and unwatched.translated is not None:
        more = observed.translated - unwatched.translated
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
        "events": events,
        "ns_per_event": extra / events * 1e9 if events >= FEW_EVENTS else None,
        "guest_agrees": observed.agrees(unwatched),
        "unsupported": list(observed.unsupported),
        "dispatches": dict(observed.dispatches),
        "chained_share": share,
        "retranslated": more,
        "code_bytes": observed.code_bytes,
    }
