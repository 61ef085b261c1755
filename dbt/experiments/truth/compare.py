"""Compares a stream of events with the true one: which were found, missed and invented."""

import difflib
from collections import deque
from collections.abc import Iterable, Sequence

import attrs

from dbt.hooks.records import Kind, Record

CALLS = frozenset([Kind.CALL, Kind.TAIL_CALL])
MATCHED_ARGUMENTS = 4
LONGEST_GAP = 2000
"""Records between two anchors that are aligned, at most: the time grows with the square."""


@attrs.frozen
class Comparison:
    """The records of the true stream that were found, those that were missed, and records that are
    not in it (``spurious``), each in the order of its stream."""

    found: tuple[Record, ...] = ()
    missed: tuple[Record, ...] = ()
    spurious: tuple[Record, ...] = ()

    @property
    def exact(self) -> bool:
        """Nothing missed, nothing invented."""
        return not self.missed and not self.spurious


@attrs.frozen
class Essence:
    """What two records of the same event have in common. Counts, depths and callers may differ
    between mechanisms."""

    kind: Kind
    function: int
    site: int
    detail: tuple[int, ...]


def essence(record: Record) -> Essence:
    """Kind, function and site of a record, with a call's arguments or a return's result."""
    detail: tuple[int, ...] = ()
    if record.kind in CALLS:
        detail = record.arguments[:MATCHED_ARGUMENTS]
    elif record.kind is Kind.RETURN and record.result is not None:
        detail = (record.result & 0xFFFFFFFF,)
    return Essence(record.kind, record.function, record.site, detail)


def compare(truth: Iterable[Record], found: Iterable[Record]) -> Comparison:
    """Match records in order, except ``UNWOUND``, which mechanisms may report late: it matches at
    any place."""
    true, other = list(truth), list(found)
    pairs = _matches(true, other)
    matched = {left for left, _ in pairs}
    counterparts = {right for _, right in pairs}
    return Comparison(
        tuple(record for at, record in enumerate(true) if at in matched),
        tuple(record for at, record in enumerate(true) if at not in matched),
        tuple(record for at, record in enumerate(other) if at not in counterparts),
    )


Pairs = list[tuple[int, int]]
"""Indices of records that match."""


def _matches(true: Sequence[Record], other: Sequence[Record]) -> Pairs:
    left, right = [essence(r) for r in true], [essence(r) for r in other]
    rows = [at for at, one in enumerate(left) if one.kind is not Kind.UNWOUND]
    columns = [at for at, one in enumerate(right) if one.kind is not Kind.UNWOUND]
    pairs: Pairs = []
    done = (0, 0)
    for row, column in [*_anchors(true, other, rows, columns), (len(rows), len(columns))]:
        gap = rows[done[0] : row], columns[done[1] : column]
        pairs += _align(left, right, *gap)
        if row < len(rows):
            pairs.append((rows[row], columns[column]))
        done = row + 1, column + 1
    gone = [
        [at for at, one in enumerate(side) if one.kind is Kind.UNWOUND] for side in (left, right)
    ]
    return pairs + _anywhere(left, right, *gone)


def _anchors(
    true: Sequence[Record], other: Sequence[Record], rows: Sequence[int], columns: Sequence[int]
) -> Pairs:
    """Equal records at the same instruction count, in the order of both streams."""
    at: dict[tuple[int, Essence], deque[int]] = {}
    for row, index in enumerate(rows):
        at.setdefault((true[index].insns, essence(true[index])), deque()).append(row)
    anchors: Pairs = []
    last = -1
    for column, index in enumerate(columns):
        waiting = at.get((other[index].insns, essence(other[index])), deque())
        while waiting and waiting[0] <= last:
            waiting.popleft()
        if waiting:
            last = waiting.popleft()
            anchors.append((last, column))
    return anchors


def _align(
    left: Sequence[Essence], right: Sequence[Essence], rows: Sequence[int], columns: Sequence[int]
) -> Pairs:
    """Match a gap between anchors by its longest common runs, or in any order if it is too long."""
    if len(rows) * len(columns) > LONGEST_GAP**2:
        return _anywhere(left, right, rows, columns)
    matcher = difflib.SequenceMatcher(
        None, [left[at] for at in rows], [right[at] for at in columns], autojunk=False
    )
    return [
        (rows[block.a + at], columns[block.b + at])
        for block in matcher.get_matching_blocks()
        for at in range(block.size)
    ]


def _anywhere(
    left: Sequence[Essence], right: Sequence[Essence], rows: Sequence[int], columns: Sequence[int]
) -> Pairs:
    """Match equal records in any order."""
    waiting: dict[Essence, deque[int]] = {}
    for at in columns:
        waiting.setdefault(right[at], deque()).append(at)
    return [(at, waiting[left[at]].popleft()) for at in rows if waiting.get(left[at])]


def line(record: Record) -> str:
    """A record as one line of a difference."""
    text = f"{record.kind.value} {record.symbol} site={record.site:#x} depth={record.depth}"
    if record.kind in CALLS:
        text += f" args={','.join(f'{value:#x}' for value in record.arguments)}"
    if record.result is not None:
        text += f" result={record.result:#x}"
    return f"{text} @{record.insns}"


def difference(truth: Iterable[Record], found: Iterable[Record], *, context: int = 3) -> str:
    """The records that ``compare`` does not match, marked ``-`` (missed) and ``+`` (spurious), with
    ``context`` records around each; empty when all match."""
    true, other = list(truth), list(found)
    pairs = _matches(true, other)
    missed = set(range(len(true))) - {left for left, _ in pairs}
    spurious = set(range(len(other))) - {right for _, right in pairs}
    if not missed and not spurious:
        return ""
    lines = [f"{len(pairs)} found, {len(missed)} missed, {len(spurious)} spurious"]
    lines += _excerpt("- ", "true", true, missed, context)
    lines += _excerpt("+ ", "found", other, spurious, context)
    return "\n".join(lines)


def _excerpt(
    mark: str, name: str, records: Sequence[Record], marked: set[int], context: int
) -> list[str]:
    """The marked records and those around them, as lines."""
    near = {at for index in marked for at in range(index - context, index + context + 1)}
    lines, last = [f"{name}:"], -1
    for index in sorted(near & set(range(len(records)))):
        if index != last + 1:
            lines.append("  …")
        lines.append((mark if index in marked else "  ") + line(records[index]))
        last = index
    return lines if marked else []
