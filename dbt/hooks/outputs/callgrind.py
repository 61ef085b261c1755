"""A profile for KCachegrind, QCachegrind and callgrind_annotate; event ``Ir``, guest instructions.

Callgrind Profile Format version 1 (Valgrind manual, "Callgrind Format Specification"). Positions
are guest addresses: a function's own cost is at its first instruction, that of a call at the
calling one where it is known. Names are compressed: ``(id) name`` once, then ``(id)``. ``ob`` is
the ELF file. Where debug information has lines, each position has one, too: the line of a
function's first instruction, and of a call's; else files are ``???``, as Callgrind has it.

A call to a function that is active already has an inclusive cost of 0, for its cost is in the
outer call. (Callgrind invents a second function for it, ``fib'2``, whose costs its own reader adds
up to more than the whole.) A tail call is a call by the function that jumped.
"""

from typing import TextIO

import attrs

from dbt.hooks.outputs.base import Line, Place, Program, clean
from dbt.hooks.outputs.callgraph import Arc, Cost, Function, GraphOutput
from dbt.hooks.records import Kind, Record


class Callgrind(GraphOutput):
    """Writes the file at the end."""

    def __init__(self, out: TextIO, program: Program) -> None:
        super().__init__(out, program)
        self._places: dict[Function, Place] = {}
        """The place of each function that was called, as it was mapped then."""

    def feed(self, record: Record) -> None:
        """Take the next record."""
        if record.kind in (Kind.CALL, Kind.TAIL_CALL):
            self.seen(record.function, record.symbol)
        super().feed(record)

    def seen(self, pc: int, symbol: str) -> None:
        """Remember where the function is mapped now."""
        function = Function(pc, symbol)
        if function not in self._places:
            self._places[function] = self._program.place_of(pc)

    def _write(self) -> None:
        from importlib.metadata import version  # costs start-up time

        graph = self._graph
        write = self._out.write
        lined = any(place.line for place in self._places.values())
        write("# callgrind format\nversion: 1\n")
        write(f"creator: armdbt-{version('armdbt')}\n")
        write(f"cmd: {' '.join(map(clean, self._program.command))}\n")
        write(f"positions: instr{' line' * lined}\nevents: Ir\n")
        names = _Names(graph.names(), self._places, lined)
        calls: dict[Function, list[tuple[Arc, Cost]]] = {}
        for arc, cost in graph.arcs.items():
            calls.setdefault(arc.caller, []).append((arc, cost))
        for function, cost in graph.ranked():
            here = names.place(function)
            write(f"\nob={names.object_of(function)}\nfl={names.file(here.line)}\n")
            write(f"fn={names.of(function)}\n")
            write(f"{names.position(function.address, here.line)} {cost.self_cost}\n")
            for arc, spent in calls.get(function, ()):
                self._write_call(names, here, arc, spent)
        write(f"\ntotals: {graph.total}\n")

    def _write_call(self, names: "_Names", here: Place, arc: Arc, spent: Cost) -> None:
        """Write the calls of one function at one place. The line of an inlined place is in another
        file (``fi``)."""
        write, callee = self._out.write, arc.callee
        line = self._program.line(arc.site) if arc.site else here.line
        elsewhere = line is not None and here.line is not None and line.path != here.line.path
        if elsewhere:
            write(f"fi={names.file(line)}\n")
        there = names.place(callee).line
        write(f"cob={names.object_of(callee)}\ncfi={names.file(there)}\ncfn={names.of(callee)}\n")
        write(f"calls={spent.calls} {names.position(callee.address, there)}\n")
        write(f"{names.position(arc.site or arc.caller.address, line)} {spent.inclusive}\n")
        if elsewhere:
            write(f"fe={names.file(here.line)}\n")


@attrs.define
class _Table:
    """Compressed names of one kind."""

    _ids: dict[str, int] = attrs.field(factory=dict)

    def spell(self, name: str) -> str:
        if name in self._ids:
            return f"({self._ids[name]})"
        self._ids[name] = len(self._ids) + 1
        return f"({self._ids[name]}) {name}"


class _Names:
    """Spells objects, files, functions and positions; each kind of name has numbers of its own."""

    def __init__(
        self, names: dict[Function, str], places: dict[Function, Place], lined: bool
    ) -> None:
        self._names = names
        self._places = places
        self._lined = lined
        self._objects, self._files, self._functions = _Table(), _Table(), _Table()

    def place(self, function: Function) -> Place:
        return self._places.get(function, Place())

    def file(self, line: Line | None) -> str:
        return self._files.spell("???" if line is None else clean(line.path))

    def position(self, address: int, line: Line | None) -> str:
        """An address, with its line if any has one: 0 where it is not known."""
        number = 0 if line is None else line.number
        return f"{address:#x} {number}" if self._lined else f"{address:#x}"

    def object_of(self, function: Function) -> str:
        return self._objects.spell(clean(self.place(function).object or "???"))

    def of(self, function: Function) -> str:
        return self._functions.spell(self._names[function])
