"""Drop computations and state reads whose result nobody uses.

%0:i32 = get r1          =>    %0:i32 = get r1
%1:i32 = get r2                set r3 %0
%2:i32 = add %0, %1
set r3 %0

Loads stay: they may fault.
"""

from dbt.classes import attrs
from dbt.ir.block import Block, Inst, Value, exit_values
from dbt.ir.ops import GET, OPS
from dbt.passes.registry import register

_REMOVABLE = frozenset(op for op in OPS.values() if op.pure or op is GET)


@register("dead-code")
@attrs.frozen
class DeadCode:
    """Drop values nobody uses."""

    def run(self, block: Block) -> None:
        """One walk up, with the values used below."""
        used: set[Value] = set(exit_values(block.exit))
        kept: list[Inst] = []
        for inst in reversed(block.insts):
            if inst not in used and inst.op in _REMOVABLE:
                continue
            if inst.args:
                used.update(inst.args)
            if inst.when is not None:
                used.add(inst.when)
            kept.append(inst)
        kept.reverse()
        block.insts = kept
