"""A rig that the tests of every backend share: a few slots, a little memory, any IR."""

import ctypes
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import attrs
from support import toy_frontend

from dbt.interfaces import (
    EXEC,
    PAGE,
    READ,
    STACK_BYTES,
    WRITE,
    Backend,
    BackendOptions,
    Context,
    Event,
    Executor,
    Layout,
    LinkKind,
    NotTranslated,
    Reason,
    View,
    lay_out,
)
from dbt.ir.block import FRONTEND_MODE_SHIFT, Block, BlockKey
from dbt.ir.parser import parse_blocks
from dbt.ir.printer import print_block
from dbt.ir.types import F32, F64, I1, I32, I64, V64, V128
from dbt.ir.verifier import verify
from dbt.runtime.counters import Counters, Stacks
from dbt.runtime.functions import Functions
from dbt.runtime.memory import GuestMemory
from dbt.runtime.state import GuestState

WORDS = ("r0", "r1", "r2", "r3", "r4", "r5")
FLAGS = ("nf", "zf", "cf", "vf")
WIDE = ("w0", "w1")
VECTORS = ("v0", "v1", "v2")
PARTS = (
    *(View(f"d{n}", F64, "v0", 8 * n) for n in range(2)),
    *(View(f"s{n}", F32, "v0", 4 * n) for n in range(4)),
    *(View(f"h{n}", V64, f"v{n}", 8 * (n % 2)) for n in range(3)),
)
"""Parts of the slots of vectors."""
LAYOUT = lay_out(
    [
        *((name, I32) for name in (*WORDS, "pc")),
        *((name, I1) for name in FLAGS),
        *((name, I64) for name in WIDE),
        *((name, V128) for name in VECTORS),
    ],
    PARTS,
    hot=("r0", "r1", "nf", "zf"),
    flags=FLAGS,
)


@attrs.frozen
class Dialect:
    """A layout for the rig, and what it calls the slots that blocks name as in ``LAYOUT``."""

    layout: Layout = LAYOUT
    names: Mapping[str, str] = {}

    def translated(self, block: Block) -> Block:
        """The same block with this layout's names."""
        if not self.names:
            return block
        (mine,) = parse_blocks(_SLOT.sub(self._renamed, print_block(block)))
        return mine

    def _renamed(self, found: re.Match[str]) -> str:
        return f"{found[1]} {self.names.get(found[2], found[2])}"


_SLOT = re.compile(r"\b(get|set) (\w+)")

_TOY_FLAGS = ("minus", "nought", "carry", "excess")
TOY = Dialect(
    lay_out(
        [
            *((slot.name, slot.type) for slot in toy_frontend.LAYOUT.slots),
            *((n, I1) for n in _TOY_FLAGS),
            ("wide", I64),
            ("wider", I64),
            *((n, V128) for n in VECTORS),
        ],
        PARTS,
        hot=toy_frontend.LAYOUT.hot,
        general=toy_frontend.LAYOUT.general,
    ),
    dict(
        zip(
            (*WORDS, *FLAGS, *WIDE),
            (*toy_frontend.REGISTERS[: len(WORDS)], *_TOY_FLAGS, "wide", "wider"),
            strict=True,
        )
    ),
)
"""The toy frontend's layout: other names, and no slot has the role of a flag."""


class RigState(GuestState):
    """Guest state that tests name as in ``LAYOUT``, whatever the layout calls it."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(dialect.layout)
        self._usual = {own: usual for usual, own in dialect.names.items()}
        for usual, own in dialect.names.items():
            self._slots[usual] = self._slots[own]

    def snapshot(self) -> dict[str, int]:
        found = super().snapshot()
        return {self._usual.get(name, name): value for name, value in found.items()}


START = 0x8000  # no code stands there: blocks are made by hand
DATA = 0x10000  # two pages to read and write; the page after them is not mapped
DATA_SIZE = 2 * PAGE
DATA_END = DATA + DATA_SIZE
READ_ONLY = 0x20000  # one page
CODE_PAGE = 0x30000  # one page to read and write that holds translated code, after a plain one


def key_of(location: int) -> BlockKey:
    """Bit 0 of a location is a mode bit."""
    return BlockKey(location & ~1, (location & 1) << FRONTEND_MODE_SHIFT)


@attrs.define
class Rules:
    """Chain rules to hand to ``apply``."""

    kinds: frozenset[LinkKind] = frozenset(LinkKind)
    denied: frozenset[int] = frozenset()

    def permits(self, pc: int) -> bool:
        return pc not in self.denied


ALL = Rules()
DIRECT = Rules(frozenset({LinkKind.DIRECT}))
OFF = Rules(frozenset())


class Rig:
    """A machine with an executor of the backend under test."""

    def __init__(
        self,
        backend: Backend,
        options: BackendOptions | None = None,
        dialect: Dialect = Dialect(),
    ) -> None:
        self.dialect = dialect
        self.state = RigState(dialect)
        self.memory = GuestMemory()
        self.counters = Counters(self.state, 1 << 10)
        self.stacks = Stacks(8)
        self.functions = Functions(self.state.address)
        self.memory.map(START, PAGE, READ | EXEC)
        self.memory.map(DATA, DATA_SIZE, READ | WRITE)
        self.memory.map(READ_ONLY, PAGE, READ)
        self.memory.map(CODE_PAGE - PAGE, 2 * PAGE, READ | WRITE)
        self.memory.mark_code(CODE_PAGE // PAGE)
        self.context = Context(
            self.state,
            self.memory,
            self.counters,
            self.stacks,
            self.functions,
            key_of,
            location_of,
            options or BackendOptions(),
        )
        self.executor: Executor = backend.open(self.context)
        self.executor.fuel = 1 << 20

    def close(self) -> None:
        """Release the executor and the address space."""
        self.executor.close()
        self.memory.close()

    def install(self, *blocks: Block) -> None:
        """Verify and install."""
        for block in blocks:
            mine = self.dialect.translated(block)
            verify(mine, self.dialect.layout)
            self.executor.install(mine)

    def run_all(self, program: Mapping[BlockKey, Block], key: BlockKey) -> Event:
        """Run from ``key``, installing blocks of ``program`` as they are missed."""
        while True:
            event = self.executor.run(key)
            if not isinstance(event, NotTranslated) or event.key not in program:
                return event
            self.install(program[event.key])
            key = event.key

    def reasons(self) -> dict[str, int]:
        """Dispatches by reason, those that happened."""
        counts = self.executor.dispatches()
        return {reason.value: counts[reason] for reason in Reason if counts.get(reason)}

    def snapshot(self) -> dict[str, object]:
        """All that the guest and its instrumentation can see."""
        return {
            "state": self.state.snapshot(),
            "data": self.memory.peek(DATA, DATA_SIZE),
            "code": self.memory.peek(CODE_PAGE - PAGE, 2 * PAGE),
            "counters": {
                n: count for n in sorted(self.counters.names) if (count := self.counters[n])
            },
            "stacks": {n: stack for n in sorted(self.stacks.names) if (stack := self.stack(n))},
            "fuel": self.executor.fuel,
        }

    def stack(self, name: str) -> list[int]:
        """The entries of a side stack, oldest first."""
        base = self.stacks.address + self.stacks.index(name) * STACK_BYTES
        depth = self.stacks.depth(name)
        return list((ctypes.c_uint32 * depth).from_address(base + 8))


@contextmanager
def rigged(
    backend: Backend, options: BackendOptions | None = None, dialect: Dialect = Dialect()
) -> Iterator[Rig]:
    """A test rig that is closed at the end."""
    machine = Rig(backend, options, dialect)
    try:
        yield machine
    finally:
        machine.close()


def location_of(key: BlockKey) -> int:
    """The inverse of ``key_of``."""
    return key.pc | key.mode >> FRONTEND_MODE_SHIFT
