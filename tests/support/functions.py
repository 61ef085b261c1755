"""A native function made by hand, as backends take it: to be called, or to become part of a unit."""

import ctypes

from backends.native.arena import Arena
from backends.native.link import link
from backends.numba_jit.units.objects import ObjectMaker
from dbt.interfaces import NativeFunction


class Counting:
    """``void f(i64 env, i64 a)``: counts its calls and adds up ``a``."""

    def __init__(self, name: str) -> None:
        self._cells = (ctypes.c_int64 * 2)()
        cells = ctypes.addressof(self._cells)
        text = f"""
define void @{name}(i64 %env, i64 %a) alwaysinline nounwind {{
 %p = inttoptr i64 {cells} to ptr
 %n = load i64, ptr %p
 %n1 = add i64 %n, 1
 store i64 %n1, ptr %p
 %q = getelementptr i64, ptr %p, i64 1
 %s = load i64, ptr %q
 %s1 = add i64 %s, %a
 store i64 %s1, ptr %q
 ret void
}}
"""
        self._arena = Arena()
        self._library = link(ObjectMaker().compile(text, "optimised"), self._arena)
        self.address = self._library.address(name)
        self.native = NativeFunction(uses_state=False, may_stop=False, llvm=text, symbol=name)

    def take(self) -> tuple[int, int]:
        """Count and sum, which begin again at 0."""
        taken = self.count, self.sum
        self._cells[0] = self._cells[1] = 0
        return taken

    @property
    def count(self) -> int:
        """Calls so far."""
        return self._cells[0]

    @property
    def sum(self) -> int:
        """The sum of the arguments so far."""
        return self._cells[1]
