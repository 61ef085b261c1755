"""What a contender found of what there was, against ground truth."""

from collections.abc import Iterable, Mapping, Sequence

import attrs

from dbt.experiments.harness.guest_run import Program, redirected
from dbt.experiments.interception.contenders import Contender, Observed
from dbt.experiments.truth.analysis import truth
from dbt.experiments.truth.compare import compare
from dbt.hooks.records import Kind, Record
from dbt.linux.kernel import LinuxOptions
from dbt.stops import TimeLimit, UsageError

SYSTEM_CALLS = frozenset({Kind.SYSCALL, Kind.SYSCALL_RETURN})


@attrs.frozen
class Verdict:
    """Events found, missed and invented; ``note`` says why there are none, or what was amiss."""

    found: int
    missed: int
    spurious: int
    note: str = ""

    @property
    def right(self) -> bool:
        """Nothing missed, nothing invented."""
        return not (self.missed or self.spurious or self.note)

    def __str__(self) -> str:
        if self.right:
            return "ok"
        parts = [f"-{self.missed}" * bool(self.missed), f"+{self.spurious}" * bool(self.spurious)]
        return " ".join(part for part in (*parts, self.note) if part)


def without_system_calls(records: Iterable[Record]) -> list[Record]:
    """Calls and returns only, for contenders that tell nothing else."""
    return [record for record in records if record.kind not in SYSTEM_CALLS]


def without_values(records: Iterable[Record]) -> list[Record]:
    """The same events, without arguments and results."""
    return [attrs.evolve(record, arguments=(), result=None) for record in records]


def judge(
    contender: Contender,
    program: Program,
    functions: Mapping[int, str],
    events: Sequence[Record],
    plain: Observed,
    timeout: float | None = None,
) -> Verdict:
    """Watch the program once and compare with what there was; ``plain`` is the unwatched run."""
    expected = without_system_calls(events) if contender.calls_only else list(events)
    found: list[Record] = []
    try:
        observed = contender.watch(program, functions, found.append, timeout)
    except UsageError as error:
        return Verdict(0, len(expected), 0, f"refused: {error}")
    if TimeLimit.__name__ in observed.stop and TimeLimit.__name__ not in plain.stop:
        return Verdict(0, len(expected), 0, "hangs")  # how much it told until then is chance
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
    """The events that there are. Raises UsageError when ``timeout`` seconds are not enough."""
    linux = LinuxOptions(root=program.root, seed=program.seed)
    with redirected():
        return truth(program.path, program.args, functions, linux=linux, timeout=timeout)
