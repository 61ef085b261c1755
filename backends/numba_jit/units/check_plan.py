"""Which guest accesses need a permission check of their own.

Addresses are looked at as a root value plus a constant. One check covers all accesses of one kind
that a guest instruction makes around one root (LDM, STM, LDRD): none of them has happened when it
fails, so the instruction has changed nothing. (The evaluator stores what comes before the forbidden
byte; the architecture allows both, and the instruction is tried again.) Later instructions need no
check where earlier ones of the block have looked at the pages on both sides: permissions change
within a block only where a function is invoked.
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


@attrs.define
class _Group:
    """Accesses of one instruction that one check serves; the first of them makes it."""

    leader: Inst
    root: Value
    offset: int
    low: int
    high: int


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

    def __init__(self) -> None:
        self.plan: dict[Inst, Check] = {}
        self.covered: dict[tuple[Value | None, bool], list[tuple[int, int]]] = {}
        self.groups: dict[tuple[Value | None, bool, Value | None], _Group] = {}

    def access(self, inst: Inst) -> None:
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

    def _is_covered(self, root: Value | None, is_load: bool, low: int, high: int) -> bool:
        spans = self.covered.get((root, is_load), ())
        return any(start <= low and high <= end for start, end in spans)

    def close(self, key: tuple[Value | None, bool, Value | None]) -> None:
        group = self.groups.pop(key, None)
        if group is None:
            return
        low, high = group.low, group.high
        self.plan[group.leader] = Check(low - group.offset, high - low)
        if key[2] is None:
            _cover(self.covered.setdefault(key[:2], []), low, high)

    def close_all(self) -> None:
        for key in list(self.groups):
            self.close(key)


def plan_checks(insts: list[Inst]) -> dict[Inst, Check]:
    """The check that each access has to make first; accesses that are not in it need none."""
    planner = _Planner()
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
