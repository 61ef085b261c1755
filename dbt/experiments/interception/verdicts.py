"""Judges a contender: compares the events it found with ground truth."""

from collections.abc import Iterable, Mapping, Sequence

import attrs

from dbt.experiments.harness.guest_run import Program, redirected
from dbt.experiments.interception.contenders import Contender, Observed
from dbt.experiments.truth.analysis import truth
from dbt.experiments.truth.compare import compare
from dbt.hooks.records import Kind, Record
from dbt.linux.options import LinuxOptions
from dbt.stops import TimeLimit, UsageError

SYSTEM_CALLS = frozenset({Kind.SYSCALL, Kind.SYSCALL_RETURN})


@attrs.frozen
class Verdict:
    """Numbers of events found, missed and invented (``spurious``). ``note`` says why there are
    none, or what else was wrong."""

    found: int
    missed: int
    spurious: int
    note: str = ""

    @property
    def right(self) -> bool:
        """No event is missed or invented, and nothing else was wrong."""
        return not (self.missed or self.spurious or self.note)

    def __str__(self) -> str:
        if self.right:
            return "ok"
        parts = [f"-{self.missed}" * bool(self.missed), f"+{self.spurious}" * bool(self.spurious)]
        return " ".join(part for part in (*parts, self.note) if part)


def without_system_calls(records: Iterable[Record]) -> list[Record]:
    """The calls and returns among the records."""
    return [record for record in records if record.kind not in SYSTEM_CALLS]


def without_values(records: Iterable[Record]) -> list[Record]:
    """The records without arguments and results."""
    return [attrs.evolve(record, arguments=(), result=None) for record in records]


def judge(
    contender: Contender,
    program: Program,
    functions: Mapping[int, str],
    events: Sequence[Record],
    plain: Observed,
    timeout: float | None = None,
) -> Verdict:
    """Let a contender watch the program once and compare its events with the true ``events``.
    ``plain`` is the run that nobody watched."""
    expected = without_system_calls(events) if contender.calls_only else list(events)
    found: list[Record] = []
    try:
        observed = contender.watch(program, functions, found.append, timeout)
    except UsageError as error:
        return Verdict(0, len(expected), 0, f"refused: {error}")
    if TimeLimit.__name__ in observed.stop and TimeLimit.__name__ not in plain.stop:
        return Verdict(0, len(expected), 0, "hangs")  # what it found until then depends on timing
    if not contender.values:
        expected, found = without_values(expected), without_values(found)
    result = compare(expected, found)
    counts = len(result.found), len(result.missed), len(result.spurious)
    return Verdict(*counts, _note(observed, plain))


def _note(observed: Observed, plain: Observed) -> str:
    if observed.unsupported:
        return observed.unsupported[0]
    return "" if observed.agrees(plain) else "guest differs"


def truth_of(
    program: Program, functions: Mapping[int, str], timeout: float | None = None
) -> list[Record]:
    """The true events. Raises UsageError when the program does not end in ``timeout`` seconds."""
    linux = LinuxOptions(root=program.root, seed=program.seed)
    with redirected():
        return truth(program.path, program.args, functions, linux=linux, timeout=timeout)
