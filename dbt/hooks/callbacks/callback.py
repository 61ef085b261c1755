"""Callbacks: a function of the user's, written once, run at calls, returns or pcs at any of four
prices.

>>> def hit(cells, pc, target):
...     cells[0] += 1
...     if target == 0x8000:
...         cells[1] += 1
>>> watch = Callback(hit, cells=2, at="calls", price="numba-linked")
>>> with dbt.Process("fib.elf", ["20"], passes=[watch]) as process:  # doctest: +SKIP
...     process.run()
>>> watch.values                                                     # doctest: +SKIP
[21891, 0]

The function
------------
Its first parameter is an array of int64, ``cells`` long, that belongs to the callback and outlives
every call; ``values`` reads it. The names of the others, six at most, say what it gets:

- ``pc``: the address of the instruction that calls or returns, or that is about to run;
- ``target``: the location it goes to, ``link``: the location that a call returns to (0 where there
  is none), at calls, returns and pcs;
- ``address``, ``size``, ``value`` and ``writes`` (1 or 0), at accesses to memory;
- ``size``: the bytes of the block, at blocks;
- any name of a condition (``r0``, ``sp``, ``arg1`` …): that register, as it is then.

The prices
----------
======================  ============================================================================
``inline``              IR ops: no call. For ``cells[n] += 1`` and ``if`` only (``inlined.py``)
``numba-linked``        compiled by numba, and made a part of the code that calls it
``numba-pointer``       compiled by numba, called by its address
``python``              called in Python; may do anything, also look at the process
======================  ============================================================================

All four leave the same cells. Numbers wrap to 64 bits when compiled, and as cells; within a Python
function they do not. An exception ends the run: at the price ``python`` it is raised as it is,
compiled as a CallbackError, where bounds are checked too.
"""

import ctypes
import inspect
from collections.abc import Callable, Collection, Iterator, Mapping

import attrs

from dbt import choices
from dbt.hooks.callbacks.inlined import Inlined, read_body
from dbt.hooks.points.accesses import READ, WRITE, Access, at_accesses, only_if
from dbt.hooks.points.code_reports import span
from dbt.hooks.points.conditions import Condition, parse_condition
from dbt.hooks.points.names import ACCESS_NAMES, DEPTH, Names, installed_names, names_of
from dbt.interfaces import CallAbi, CounterBank, Layout, NativeFunction
from dbt.ir.block import CONDITION_PASSED, Block, BlockKey, Call, Inst, Return, Value
from dbt.ir.builder import Builder
from dbt.ir.ops import INSN, MOST_ARGUMENTS
from dbt.stops import UsageError
from dbt.typing import Any, Protocol

PRICES = ("inline", "numba-linked", "numba-pointer", "python")
PLACES = ("calls", "returns", "calls+returns", "reads", "writes", "reads+writes", "blocks")
_ACCESSES = {"reads": (READ,), "writes": (WRITE,), "reads+writes": (READ, WRITE)}


class CallbackError(Exception):
    """A compiled callback raised an exception; which one only the price ``python`` can tell."""


class Bank(Protocol):
    """What a callback needs of a process's functions (``dbt/runtime/functions.py``)."""

    on_change: Callable[[], None]

    def define(self, name: str, function: Callable[..., Any], first: Any) -> None: ...
    def define_native(
        self, name: str, address: int, arity: int, native: NativeFunction, anchor: object
    ) -> None: ...
    def fail(self, error: BaseException) -> None: ...


class Cells(CounterBank, Protocol):
    """The counters of a process (``dbt/runtime/counters.py``)."""

    names: dict[str, int]


class Locations(Protocol):
    """What a callback needs of a frontend."""

    layout: Layout
    call_abi: CallAbi

    def location_of(self, key: BlockKey) -> int: ...


class Host(Protocol):
    """What a callback needs of the process it is attached to."""

    @property
    def counters(self) -> Cells: ...
    @property
    def functions(self) -> Bank: ...
    @property
    def frontend(self) -> Locations: ...
    def resolve(self, where: int | str) -> int: ...


@attrs.define(eq=False)
class Callback:
    """An instrumentation pass that runs ``function`` at the places ``at``.

    ``at`` is one of ``PLACES`` or a list of instructions, by pc or symbol; one of these counts each
    time it is reached, whether or not the instruction's own condition holds. Accesses to memory are
    those of ``points/accesses.py``: the function runs behind all of an instruction, before its
    registers are set. ``blocks`` is before each block that is executed. ``when`` is a
    condition (``points/conditions.py``, without ``depth``) tested in compiled code. ``cells`` is
    the length of the array. ``name`` has to differ from other callbacks' of the process.

    Raises UsageError when the function cannot be had at that price.
    """

    function: Callable[..., Any]
    cells: int = attrs.field(default=1, kw_only=True)
    at: str | Collection[int | str] = attrs.field(default="calls", kw_only=True)
    price: str = attrs.field(default="numba-linked", kw_only=True)
    when: str | None = attrs.field(default=None, kw_only=True)
    name: str = attrs.field(default="", kw_only=True)
    _pcs: frozenset[int] = attrs.field(init=False, default=frozenset())
    _parameters: tuple[str, ...] = attrs.field(init=False)
    _condition: Condition | None = attrs.field(init=False, default=None)
    _body: Inlined | None = attrs.field(init=False, default=None)
    _functions: Bank | None = attrs.field(init=False, default=None)
    _frontend: Locations | None = attrs.field(init=False, default=None)
    _names: Names = attrs.field(init=False, factory=installed_names)
    _counters: Cells | None = attrs.field(init=False, default=None)
    """Parts of the process. The process itself goes when its user drops it."""
    _array: Any = attrs.field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        self.name = self.name or getattr(self.function, "__name__", "callback")
        choices.one_of("price", self.price, PRICES)
        self.cells = choices.whole("cells", self.cells, least=1)
        if not isinstance(self.at, str):
            self.at = choices.several("at", self.at)
        elif self.at not in PLACES:
            raise UsageError(f"{choices.unknown('place', self.at, PLACES)}; pcs stand in a list")
        self._parameters = self._read_parameters(self.function)
        self._read_names()
        if self.price == "inline":
            self._body = read_body(self.function, self.cells)

    def _read_parameters(self, function: Callable[..., Any]) -> tuple[str, ...]:
        choices.runs_when_called("a callback", function)
        try:
            array, *names = inspect.signature(function).parameters
        except (TypeError, ValueError):
            raise UsageError(f"callback {self.name}: the first parameter is its array") from None
        if len(names) > MOST_ARGUMENTS:
            raise UsageError(
                f"callback {self.name}: at most {MOST_ARGUMENTS} values behind {array}"
            )
        return tuple(names)

    @property
    def _kinds(self) -> Collection[int]:
        """The accesses to memory that it runs at."""
        return _ACCESSES.get(self.at, ()) if isinstance(self.at, str) else ()

    @property
    def at_heads(self) -> bool:
        """See ``AtHeads``."""
        return self.at == "blocks"

    @property
    def adds_behind(self) -> bool:
        """See ``Behind``."""
        return bool(self._kinds)

    @property
    def _event(self) -> tuple[str, ...]:
        """What the function may ask for besides registers."""
        if self._kinds:
            return ("pc", *ACCESS_NAMES, "writes")
        return ("pc", "size") if self.at_heads else ("pc", "target", "link")

    def _read_names(self) -> None:
        """Check what the function and the condition ask for. Raises UsageError."""
        if self._kinds:
            self._names = self._names.at_accesses()
        known = [*self._event, *(name for name in self._names.slots if name != DEPTH)]
        for name in self._parameters:
            if name not in known:
                raise UsageError(f"callback {self.name}: {choices.unknown('value', name, known)}")
        if self.when is None:
            return
        self._condition = parse_condition(self.when, self._names)
        if self._condition.mentions(DEPTH):
            raise UsageError(f"condition {self.when!r}: callbacks do not know depth")

    # -- the process -------------------------------------------------------------------------------

    def attach(self, host: Host) -> None:
        """Become part of a process, which calls this; a callback belongs to one process."""
        if self._functions is not None:
            raise UsageError(f"callback {self.name} belongs to a process already")
        self._names = names_of(host.frontend.layout, host.frontend.call_abi)
        self._read_names()
        if not isinstance(self.at, str):
            self._pcs = frozenset(map(host.resolve, self.at))
        counters = host.counters
        if self._counter(0) in counters.names:
            raise UsageError(f"two callbacks are named {self.name!r}")
        numbers = [counters.index(self._counter(cell)) for cell in range(self.cells)]
        assert numbers == list(range(numbers[0], numbers[0] + self.cells)), "they are new"
        address = counters.address + 8 * numbers[0]
        self._array = (ctypes.c_int64 * self.cells).from_address(address)
        self._counters, self._functions, self._frontend = counters, host.functions, host.frontend
        self._define()

    def _counter(self, cell: int) -> str:
        return f"{self.name}[{cell}]"

    @property
    def values(self) -> list[int]:
        """The cells, at any time."""
        return list(self._array) if self._array is not None else [0] * self.cells

    def replace(self, function: Callable[..., Any]) -> None:
        """Run another function, with the same parameters, from the next event on; cells stay.

        Raises UsageError as the constructor does.
        """
        if self._read_parameters(function) != self._parameters:
            raise UsageError(f"callback {self.name} takes {', '.join(self._parameters)}")
        if self.price == "inline":
            self._body = read_body(function, self.cells)
        self.function = function
        if self._functions is not None:
            self._define()
            if self.price == "inline":
                self._functions.on_change()

    def _define(self) -> None:
        functions, function, array = self._functions, self.function, self._array
        assert functions is not None
        if self.price == "python":
            functions.define(self.name, function, array)
        elif self.price != "inline":
            self._compile(functions)

    def _compile(self, functions: Bank) -> None:
        from dbt.hooks.callbacks.compiled import compile_callback

        arity = len(self._parameters)
        compiled = compile_callback(
            self.function,
            arity,
            ctypes.addressof(self._array),
            self.cells,
            lambda: functions.fail(
                CallbackError(f"callback {self.name} raised an exception in compiled code")
            ),
        )
        native = compiled.called if self.price == "numba-pointer" else compiled.linked
        if native is None:
            raise UsageError(f"callback {self.name} needs numba's runtime: price it numba-pointer")
        functions.define_native(self.name, compiled.address, arity, native, compiled.anchor)

    # -- the pass ----------------------------------------------------------------------------------

    def run(self, block: Block) -> None:
        """Add what runs the callback wherever the block has one of its places."""
        if not isinstance(self.at, str):
            self._run_at_pcs(block, self._pcs)
        elif self._kinds:
            at_accesses(block, self._at_access)
        elif self.at_heads:
            self._run_at_head(block)
        else:
            self._run_at_exit(block, self.at)

    def _run_at_exit(self, block: Block, at: str) -> None:
        exit_ = block.exit
        if isinstance(exit_, Call) and "calls" in at:
            target = exit_.target
            if isinstance(target, BlockKey):
                assert self._frontend is not None
                target = Builder([]).const(self._frontend.location_of(target))
            self._emit(block.insts, _last_pc(block), target=target, link=exit_.link)
        elif isinstance(exit_, Return) and "returns" in at:
            self._emit(block.insts, _last_pc(block), target=exit_.target)

    def _run_at_head(self, block: Block) -> None:
        if not block.key.mode & CONDITION_PASSED:  # it was begun by the block before
            front: list[Inst] = []
            self._emit(front, block.key.pc, size=span(block))
            block.insts[:0] = front

    def _at_access(self, builder: Builder, access: Access) -> None:
        if access.kind in self._kinds:
            event = access.values(builder)
            event["writes"] = builder.const(int(access.kind == WRITE))
            self._run(builder, access.pc, event)

    def _run_at_pcs(self, block: Block, pcs: Collection[int]) -> None:
        insts: list[Inst] = []
        counted = bool(block.key.mode & CONDITION_PASSED)  # by the block that tested its condition
        for inst in block.insts:
            insts.append(inst)
            if inst.op is INSN and int(inst.imm[0]) in pcs and not counted:
                self._emit(insts, int(inst.imm[0]))
            counted = counted and inst.op is not INSN
        block.insts = insts

    def _emit(self, insts: list[Inst], pc: int, **event: Value | int) -> None:
        builder = Builder(insts)
        known = {
            name: builder.const(value) if isinstance(value, int) else value
            for name, value in event.items()
        }
        self._run(builder, pc, known)

    def _run(self, builder: Builder, pc: int, event: Mapping[str, Value]) -> None:
        """Append what runs the callback, for an event with these values."""
        values = dict(self._values(builder, {"pc": builder.const(pc), **event}))
        if self._condition is not None:
            only_if(builder, self._condition.compile(builder, pc=pc, event=event))
        if self._body is not None:
            self._body.emit(builder, values, self._counter)
        else:
            builder.invoke(self.name, *(values[name] for name in self._parameters))

    def _values(self, builder: Builder, event: Mapping[str, Value]) -> Iterator[tuple[str, Value]]:
        for name in self._parameters:
            if name in event:
                yield name, event[name]
            elif name in self._event:
                yield name, builder.const(0)
            else:
                yield name, builder.get(self._names.slots[name])


def _last_pc(block: Block) -> int:
    """The address of the last instruction of a block."""
    marks = [int(inst.imm[0]) for inst in block.insts if inst.op is INSN]
    return marks[-1] if marks else block.key.pc
