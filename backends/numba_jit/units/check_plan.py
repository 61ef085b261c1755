"""Which guest accesses need a permission check of their own.

Addresses are looked at as a root value plus a constant. One check covers all accesses of one kind
that a guest instruction makes around one root (LDM, STM, LDRD): none of them has happened when it
fails, so the instruction has changed nothing. (The evaluator stores what comes before the forbidden
byte; the architecture allows both, and the instruction is tried again.) Later instructions need no
check where earlier ones of the block have looked at the pages on both sides: permissions change
within a block only where a function is invoked.

Where instructions may be left to the evaluator, one check also covers what later instructions of
the block access around the root (``_Shared``). When it fails, the instruction that makes it may be
one that is allowed: then the evaluator executes it alone, and what comes behind is tested anew.
"""

from dbt.classes import attrs
from dbt.interfaces import PAGE
from dbt.ir import ops
from dbt.ir.block import Const, Inst, Value

_WRAP = 1 << 32


@attrs.frozen
class Check:
    """Check ``span`` bytes at the address of an access plus ``before`` (zero or negative)."""

    before: int
    span: int
    loads: bool
    stores: bool
    own_before: int
    own_span: int
    """What the instruction itself accesses in this way: what a report of the failure speaks of."""


@attrs.define
class _Group:
    """Accesses of one instruction that one check serves; the first of them makes it."""

    leader: Inst
    root: Value
    offset: int
    low: int
    high: int


_NEAR = 64
"""Bytes between loads and stores that share a check, at most: if they were in pages with different
permissions, the check would always fail."""


@attrs.define
class _Shared:
    """Accesses of several instructions around one root, all of which are made if none faults."""

    leader: Inst
    number: int
    """That of the leader's instruction."""
    spans: "dict[bool, tuple[int, int]]"
    """What is loaded (True) and stored, from the first byte to behind the last."""
    own: tuple[int, int]
    """What the leader's instruction accesses in the leader's way."""
    served: list[Inst]

    def take(self, inst: Inst, number: int, low: int, high: int) -> bool:
        """Add an access, if one check still does for all. Returns whether it does."""
        is_load = inst.op is ops.LOAD
        spans = dict(self.spans)
        start, end = spans.get(is_load, (low, high))
        spans[is_load] = min(start, low), max(end, high)
        first, last = min(s for s, _ in spans.values()), max(e for _, e in spans.values())
        if last - first > PAGE:
            return False
        if len(spans) > 1:
            loaded, stored = spans[True], spans[False]
            if max(loaded[0], stored[0]) - min(loaded[1], stored[1]) > _NEAR:
                return False
        self.spans = spans
        self.served.append(inst)
        if number == self.number and is_load == (self.leader.op is ops.LOAD):
            self.own = min(self.own[0], low), max(self.own[1], high)
        return True

    def check(self) -> Check:
        low, high = min(s for s, _ in self.spans.values()), max(e for _, e in self.spans.values())
        _, offset = root_of(self.leader.args[0])
        start, end = self.own
        return Check(
            low - offset, high - low, True in self.spans, False in self.spans, start - offset,
            end - start,
        )  # fmt: skip


def _shared(insts: list[Inst]) -> list[_Shared]:
    """The accesses that share a check with those of other instructions."""
    found: list[_Shared] = []
    last: dict[Value | None, _Shared] = {}
    number = 0
    for inst in insts:
        if inst.op is ops.INSN:
            number += 1
        elif inst.op is ops.INVOKE:
            last.clear()
        elif (inst.op is ops.LOAD or inst.op is ops.STORE) and inst.when is None:
            root, low = root_of(inst.args[0])
            span = low, low + size_of(inst)
            if root not in last or not last[root].take(inst, number, *span):
                last[root] = _Shared(inst, number, {inst.op is ops.LOAD: span}, span, [inst])
                found.append(last[root])
    return [shared for shared in found if len(shared.served) > 1]


def _signed(value: int) -> int:
    return value - _WRAP if value >> 31 else value


def root_of(address: Value) -> tuple[Value | None, int]:
    """The value and the constant whose sum an address is; no value when it is all constant."""
    offset = 0
    while isinstance(address, Inst):
        if address.op not in (ops.ADD, ops.SUB) or not isinstance(address.args[1], Const):
            return address, _signed(offset % _WRAP)
        step = address.args[1].value
        offset += step if address.op is ops.ADD else -step
        address = address.args[0]
    return None, (offset + address.value) % _WRAP


def size_of(inst: Inst) -> int:
    """The bytes of an access."""
    type_ = inst.type if inst.op is ops.LOAD else inst.args[1].type
    assert type_ is not None
    return type_.bytes


def _cover(spans: list[tuple[int, int]], low: int, high: int) -> None:
    """Add a checked span. What lies between two spans within a page's length is checked too."""
    for index, (start, end) in enumerate(spans):
        hull = (min(low, start), max(high, end))
        if hull[1] - hull[0] <= PAGE:
            spans[index] = hull
            return
    spans.append((low, high))


class _Planner:
    """Walks a block once; ``plan`` grows a row per access that makes a check."""

    def __init__(self, shared: list[_Shared]) -> None:
        self.plan: dict[Inst, Check] = {}
        self.leaders = {shared.leader: shared for shared in shared}
        self.served = {inst for shared in shared for inst in shared.served}
        self.covered: dict[tuple[Value | None, bool], list[tuple[int, int]]] = {}
        self.groups: dict[tuple[Value | None, bool, Value | None], _Group] = {}

    def access(self, inst: Inst) -> None:
        if inst in self.served:
            self._lead(inst)
            return
        root, offset = root_of(inst.args[0])
        is_load, end = inst.op is ops.LOAD, offset + size_of(inst)
        if self._is_covered(root, is_load, offset, end):
            return
        key = (root, is_load, inst.when)
        group = self.groups.get(key)
        if group and root is not None and max(group.high, end) - min(group.low, offset) <= PAGE:
            group.low, group.high = min(group.low, offset), max(group.high, end)
        else:
            self.close(key)
            self.groups[key] = _Group(inst, inst.args[0], offset, offset, end)

    def _lead(self, inst: Inst) -> None:
        shared = self.leaders.get(inst)
        if shared is None:
            return
        root, offset = root_of(inst.args[0])
        check = self.plan[inst] = shared.check()
        low = offset + check.before
        for is_load, checked in ((True, check.loads), (False, check.stores)):
            if checked:
                _cover(self.covered.setdefault((root, is_load), []), low, low + check.span)

    def _is_covered(self, root: Value | None, is_load: bool, low: int, high: int) -> bool:
        spans = self.covered.get((root, is_load), ())
        return any(start <= low and high <= end for start, end in spans)

    def close(self, key: tuple[Value | None, bool, Value | None]) -> None:
        group = self.groups.pop(key, None)
        if group is None:
            return
        low, high = group.low, group.high
        before, span = low - group.offset, high - low
        self.plan[group.leader] = Check(before, span, key[1], not key[1], before, span)
        if key[2] is None:
            _cover(self.covered.setdefault(key[:2], []), low, high)

    def close_all(self) -> None:
        for key in list(self.groups):
            self.close(key)


def plan_checks(insts: list[Inst], *, across: bool = False) -> dict[Inst, Check]:
    """The check that each access has to make first; accesses that are not in it need none. With
    ``across``, a check that fails may leave an instruction to the evaluator that is allowed."""
    planner = _Planner(_shared(insts) if across else [])
    for inst in insts:
        op = inst.op
        if op is ops.LOAD or op is ops.STORE:
            planner.access(inst)
        elif not op.pure and op is not ops.GET and op is not ops.SET and planner.groups:
            # A mark begins another instruction; instrumentation must see each access by itself.
            planner.close_all()
        if op is ops.INVOKE:
            planner.covered.clear()
    planner.close_all()
    return planner.plan
