"""LLVM text of what all copied blocks share: how they are entered and left, begin and end."""

from backends.numba_jit import abi, tables
from backends.numba_jit.dispatch import dispatchers, to_unit
from backends.numba_jit.stencils.signature import PARAMETERS, SIGNATURE, TYPES
from backends.numba_jit.units.frame import FOOTER, Frame, arguments
from backends.numba_jit.units.objects import ObjectMaker
from dbt.interfaces import Layout


def _take_fuel(leave: str = "") -> str:
    """Lines that take the fuel of a block and go on, or leave when there was not enough: it is
    taken all the same, so that to leave is one conditional jump. ``leave`` has the blocks by which
    lines in front leave. In this order of blocks LLVM makes the call of ``next`` the last jump."""
    return f"""\
 %l = sub i64 %f, ptrtoint (ptr @count to i64)
 %c = icmp slt i64 %l, 0
 br i1 %c, label %out, label %in, !prof !0
in:
 %r = musttail call preserve_nonecc i64 @next({arguments("%l")})
 ret i64 %r
{leave}out:
 %q = musttail call preserve_nonecc i64 @fuel({arguments("%l")})
 ret i64 %q"""


_TEST_PROBE = f"""\
 %pa = getelementptr i8, ptr %s, i64 {tables.PROBED}
 %pb = load ptr, ptr %pa
 %pd = getelementptr i8, ptr %pb, i64 ptrtoint (ptr @block to i64)
 %pe = load i8, ptr %pd
 %pf = icmp ne i8 %pe, 0
 br i1 %pf, label %probed, label %passed, !prof !0
probed:
 %pg = getelementptr i8, ptr %s, i64 {tables.PASS}
 %ph = load i64, ptr %pg
 store i64 0, ptr %pg
 %pi = icmp eq i64 %ph, ptrtoint (ptr @block to i64)
 br i1 %pi, label %passed, label %watched
watched:
 %pj = musttail call preserve_nonecc i64 @watched({PARAMETERS})
 ret i64 %pj
passed:
"""
"""Lines that leave when the block is probed, unless PASS names it: then it may begin, once."""

_COUNT_EXECUTION = """\
 %hb = getelementptr i8, ptr %s, i64 ptrtoint (ptr @counter to i64)
 %hv = load i32, ptr %hb
 %hw = sub i32 %hv, 1
 store i32 %hw, ptr %hb
 %hc = icmp eq i32 %hw, 0
 br i1 %hc, label %hot, label %cool, !prof !0
cool:
"""
"""Lines that leave for ``hot`` when the block has become hot."""
_HOT = f"""\
hot:
 %h = musttail call preserve_nonecc i64 @hot({PARAMETERS})
 ret i64 %h
"""

_BEHIND_HOT = tables.HOT_COUNTS + 4 * tables.MAX_BLOCKS

SHARED = f"""
define i64 @enter(ptr %code, ptr %s) nounwind {{
 %mp = getelementptr i8, ptr %s, i64 {abi.MEM_BASE}
 %m = load ptr, ptr %mp
 %fp = getelementptr i8, ptr %s, i64 {abi.FUEL}
 %f = load i64, ptr %fp
 %r = call preserve_nonecc i64 %code({PARAMETERS})
 ret i64 %r
}}
define preserve_nonecc i64 @leave{SIGNATURE} {{
 %fp = getelementptr i8, ptr %s, i64 {abi.FUEL}
 store i64 %f, ptr %fp
 %ep = getelementptr i8, ptr %s, i64 {abi.EXIT_CODE}
 %r = load i64, ptr %ep
 ret i64 %r
}}
define preserve_nonecc i64 @head{SIGNATURE} {{
{_take_fuel()}
}}
define preserve_nonecc i64 @hothead{SIGNATURE} {{
{_COUNT_EXECUTION}{_take_fuel(_HOT)}
}}
define preserve_nonecc i64 @probehead{SIGNATURE} {{
{_TEST_PROBE}{_take_fuel()}
}}
define preserve_nonecc i64 @hotprobehead{SIGNATURE} {{
{_COUNT_EXECUTION}{_TEST_PROBE}{_take_fuel(_HOT)}
}}
define preserve_nonecc i64 @go{SIGNATURE} {{
 %c = load ptr, ptr @link0
 %r = musttail call preserve_nonecc i64 %c({PARAMETERS})
 ret i64 %r
}}
@count = extern_weak dso_local global i8, align 1, !absolute_symbol !{{i64 0, i64 128}}
@counter = extern_weak dso_local global i8, align 1, !absolute_symbol !{{i64 0, i64 {_BEHIND_HOT}}}
@link0 = external dso_local global ptr
declare preserve_nonecc i64 @next({TYPES})
declare preserve_nonecc i64 @fuel({TYPES})
declare preserve_nonecc i64 @hot({TYPES})
declare preserve_nonecc i64 @watched({TYPES})
@block = extern_weak dso_local global i8, align 1, !absolute_symbol !{{i64 0, i64 4194304}}
"""
"""``enter(code, state)`` is a C function. The others have the signature of stencils: ``leave``
returns the word EXIT_CODE, ``head`` begins a block and takes its fuel, ``hothead`` also counts its
executions; with ``probe`` they test the block's probe. ``go`` ends one."""


def shared_text(frame: Frame) -> str:
    """LLVM text of what all blocks share: the functions of SHARED, and the dispatchers."""
    ways = frame.ways_of_copies()
    parts = SHARED, dispatchers(frame.signature, ways), to_unit(frame.signature, ways), FOOTER
    return "\n".join(parts)


def compile_shared(layout: Layout) -> bytes:
    """The object code of ``shared_text``."""
    return ObjectMaker().compile(shared_text(Frame(layout)), "stencil")
