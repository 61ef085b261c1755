"""A profile for KCachegrind, QCachegrind and callgrind_annotate; event ``Ir``, guest instructions.

Callgrind Profile Format version 1 (Valgrind manual, "Callgrind Format Specification"). Positions
are guest addresses: a function's own cost is at its first instruction, that of a call at the
calling one where it is known. Names are compressed: ``(id) name`` once, then ``(id)``. There is no
line information, so files are ``???``, as Callgrind has it, and ``ob`` is the ELF file.

A call to a function that is active already has an inclusive cost of 0, for its cost is in the
outer call. (Callgrind invents a second function for it, ``fib'2``, whose costs its own reader adds
up to more than the whole.) A tail call is a call by the function that jumped.
"""

from typing import TextIO

import attrs

from dbt.hooks.outputs.base import Program, clean
from dbt.hooks.outputs.callgraph import Arc, CallGraph, Cost, Function
from dbt.hooks.records import Kind, Record


class Callgrind:
    """Writes the file at the end."""

    def __init__(self, out: TextIO, program: Program) -> None:
        self._out = out
        self._program = program
        self._graph = CallGraph(program.start)
        self._objects: dict[Function, str] = {}
        """The file of each function that was called, as it was mapped then."""

    def feed(self, record: Record) -> None:
        """Take the next record."""
        if record.kind in (Kind.CALL, Kind.TAIL_CALL):
            function = Function(record.function, record.symbol)
            if function not in self._objects:
                self._objects[function] = self._program.object_of(record.function)
        self._graph.feed(record)

    def finish(self, end: int) -> None:
        """Write the file."""
        from importlib.metadata import version  # costs start-up time

        graph = self._graph
        graph.finish(end)
        write = self._out.write
        write("# callgrind format\nversion: 1\n")
        write(f"creator: armdbt-{version('armdbt')}\n")
        write(f"cmd: {' '.join(map(clean, self._program.command))}\n")
        write("positions: instr\nevents: Ir\n")
        names = _Names(graph.names(), self._objects)
        calls: dict[Function, list[tuple[Arc, Cost]]] = {}
        for arc, cost in graph.arcs.items():
            calls.setdefault(arc.caller, []).append((arc, cost))
        for function, cost in graph.ranked():
            write(f"\nob={names.object_of(function)}\nfl={names.file}\nfn={names.of(function)}\n")
            write(f"{function.address:#x} {cost.self_cost}\n")
            for arc, spent in calls.get(function, ()):
                callee = arc.callee
                write(f"cob={names.object_of(callee)}\ncfi={names.file}\ncfn={names.of(callee)}\n")
                write(f"calls={spent.calls} {callee.address:#x}\n")
                write(f"{arc.site or function.address:#x} {spent.inclusive}\n")
        write(f"\ntotals: {graph.total}\n")


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
    """Spells objects, files and functions; each kind has numbers of its own."""

    def __init__(self, names: dict[Function, str], objects: dict[Function, str]) -> None:
        self._names = names
        self._object_of = objects
        self._objects, self._files, self._functions = _Table(), _Table(), _Table()

    @property
    def file(self) -> str:
        return self._files.spell("???")

    def object_of(self, function: Function) -> str:
        return self._objects.spell(clean(self._object_of.get(function) or "???"))

    def of(self, function: Function) -> str:
        return self._functions.spell(self._names[function])
