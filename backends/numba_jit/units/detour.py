"""A detour of floating point: cold code beside an operation, which is taken where the fast way may
be wrong, and comes back with the result and the status after it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from backends.numba_jit.units.float_status import CONVENTION, room_of, span_of
from backends.numba_jit.units.unit_text import UnitText
from dbt.ir.block import Inst


def _type_of(argument: str) -> str:
    """The type of an argument; that of a vector has spaces."""
    return argument[: argument.index(">" if argument[0] == "<" else " ") + 1]


def declared(u: UnitText, function: str, result: str, arguments: Sequence[str]) -> tuple[str, str]:
    """A call of a function, which is declared; and the type of what it gives."""
    kinds = ", ".join(map(_type_of, arguments))
    pair = f"{{{result}, i32}}"
    u.intrinsic(function, f"{CONVENTION} {pair} @{function}({kinds})")
    return f"call {CONVENTION} {pair} @{function}({', '.join(arguments)})", pair


class Detour:
    """Begins with a branch to cold code where a condition holds, and what comes after both ways."""

    def __init__(self, u: UnitText, condition: str) -> None:
        self.u = u
        self.name = f"c{u.cold_number}"
        done = f"j{u.number}"
        u.cold_number += 1
        u.branch_cold(condition, f"%{self.name}")
        u.lines.append(f" br label %{done}\n{done}:")
        self._unchanged, u.label = [u.label], f"%{done}"
        self._end = f"%{self.name}"
        u.cold_lines.append(f"{self.name}:")

    @contextmanager
    def _cold(self) -> Iterator[None]:
        """What is appended meanwhile is cold."""
        u = self.u
        hot, u.lines, u.cold_names = u.lines, u.cold_lines, True
        yield
        u.lines, u.cold_names = hot, False

    def return_unless(self, odd: Callable[[], str]) -> None:
        """Come back here with what the fast way gives, unless a second condition holds."""
        with self._cold():
            condition = odd()
        further = f"{self.name}x"
        self.u.cold_lines.append(
            f" br i1 {condition}, label %{further}, label {self.u.label}\n{further}:"
        )
        self._unchanged.append(self._end)
        self._end = f"%{further}"

    def call(self, function: str, result: str, arguments: Sequence[str]) -> str:
        """Call a function of floating point; the text of its result."""
        name = self.name
        call, pair = declared(self.u, function, result, arguments)
        self.u.cold_lines.append(
            f" %{name}p = {call}\n %{name}v = extractvalue {pair} %{name}p, 0\n"
            f" %{name}s = extractvalue {pair} %{name}p, 1"
        )
        return f"%{name}v"

    def merged(self, kind: str, fast: str, other: str) -> str:
        """A value that the cold code computes otherwise."""
        ways = ", ".join(f"[{fast}, {way}]" for way in self._unchanged)
        return self.u.new(f"phi {kind} {ways}, [{other}, {self._end}]")

    def end(self, inst: Inst, status: str) -> None:
        """End the cold code, behind what it computes; notes the status after it."""
        u, name = self.u, self.name
        after = u.after[inst] = self.merged("i32", status, f"%{name}s")
        for known, tell, letter in ((u.spans, span_of, "n"), (u.rooms, room_of, "r")):
            before = known.get(status)
            if before is not None:
                changed = tell(u.cold_lines, f"%{name}s", f"%{name}{letter}")
                known[after] = self.merged("i32", before, changed)
        u.cold_lines.append(f" br label {u.label}")


def unless(
    u: UnitText,
    inst: Inst,
    odd: str,
    fast: str,
    function: str,
    result: str,
    *arguments: str,
    surely: Callable[[], str] | None = None,
) -> str:
    """The value ``fast``, and the status as it was; where ``odd`` holds, and what ``surely``
    appends, what a function says."""
    detour = Detour(u, odd)
    if surely is not None:
        detour.return_unless(surely)
    value = detour.call(function, result, arguments)
    merged = detour.merged(result, fast, value)
    detour.end(inst, arguments[-1].partition(" ")[2])
    return merged
