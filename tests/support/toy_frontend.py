"""A toy processor: a second guest, to show that only a frontend knows what a guest is.

It has seven registers with names of their own, no flags, and instructions of 2 bytes, one of them
of 6, which may cross a page. A halfword is ``op:4 x:4 n:8`` or ``op:4 n:12``; registers are
numbered in the order of ``REGISTERS``; offsets count halfwords from the next instruction.

    0 halt          1 put x, n          2 add x, y          3 subtract x, y     4 unless zero x, n
    5 call n        6 return            7 load x, [y, 4k]   8 store x, [y, 4k]  9 system n
    a jump x        b add x, n          c call x            d put x, word       f breakpoint
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dbt.interfaces import (
    PAGE,
    PC_SLOT,
    CallAbi,
    CodeReader,
    Encoding,
    Home,
    Placement,
    Scalar,
    State,
    lay_out,
)
from dbt.ir.block import (
    HALT_BREAKPOINT,
    Block,
    BlockKey,
    Branch,
    Call,
    Exit,
    Goto,
    Halt,
    Jump,
    Return,
    Swi,
)
from dbt.ir.builder import Builder
from dbt.ir.symbolic import pick
from dbt.ir.types import I32
from dbt.stops import GuestFault
from dbt.syscalls import SyscallAbi

REGISTERS = ("alpha", "beta", "gamma", "delta", "epsilon", "frame", "back")
LAYOUT = lay_out(
    [(name, I32) for name in (*REGISTERS, PC_SLOT)],
    hot=("alpha", "frame"),
    general=(*REGISTERS, PC_SLOT),
)
WORD = 0xD
"""The op of the instruction that has a word behind it."""


class ToyCalling:
    """Implements ``dbt.interfaces.Calling``: words in two registers, then on the stack; of 8 bytes,
    the lower word first."""

    stack_alignment = 4

    def place(
        self, arguments: Sequence[Scalar], result: Scalar | None, program_flags: int
    ) -> Placement:
        del program_flags
        free: list[Home] = ["alpha", "beta", *range(0, 8 * len(arguments), 4)]
        homes = []
        for kind in arguments:
            words = 2 if kind.size == 8 else 1
            homes.append(tuple(free[:words]))
            del free[:words]
        used = sum(not isinstance(home, str) for one in homes for home in one)
        parts = ("alpha", "beta") if result and result.size == 8 else ("alpha",)
        return Placement(tuple(homes), 4 * used, parts if result else ())

    def enter(self, state: State) -> None:
        """A function relies on nothing else."""


class ToyFrontend:
    """Lifts the toy's code. Locations are even addresses; there are no modes."""

    name = "toy"
    layout = LAYOUT
    insn_sizes = (6, 2)
    word_bits = 48
    encodings = (Encoding(0, 0, 2, 0xF000),)
    changing = 0
    call_abi = CallAbi(("alpha", "beta"), "alpha", "frame", "back")
    calling = ToyCalling()
    host_locations = range(0xFFFF0000, 1 << 32, 2)
    host_tables = range(0xFFF00000, 0xFFFF0000)

    def __init__(self) -> None:
        self.max_insns = 64

    def sizes_in(self, mode: int) -> tuple[int, ...]:
        del mode
        return self.insn_sizes

    def breakpoint_in(self, mode: int) -> bytes:
        del mode
        return b"\xff\xff"

    def key_of(self, location: int) -> BlockKey:
        return BlockKey(location & 0xFFFFFFFE)

    def location_of(self, key: BlockKey) -> int:
        return key.pc

    def in_state(self, key: BlockKey, state: State) -> BlockKey:
        del state
        return key

    def known_slots(self, key: BlockKey) -> Mapping[str, int]:
        del key
        return {}

    def lift(self, code: CodeReader, key: BlockKey, boundaries: Collection[int] = ()) -> Block:
        block = Block(key, [], Halt("undefined", key.pc))
        pc, exit_, insns = key.pc, None, 0
        while exit_ is None:
            try:
                data = fetched(code, pc)
            except GuestFault:
                if pc == key.pc:
                    raise
                break
            exit_ = append_one(Builder(block.insts), pc, int.from_bytes(data, "little"))
            pc += len(data)
            block.size = pc - key.pc
            insns += 1
            full = insns >= self.max_insns or pc // PAGE != key.pc // PAGE
            if full or pc in boundaries:
                break
        block.exit = exit_ or Goto(BlockKey(pc))
        return block

    def sources(self) -> list[Path]:
        return [Path(__file__)]

    def lift_one(self, key: BlockKey, word: Any, before: Any) -> tuple[Block, bool]:
        del before
        block = Block(key, [], Halt("undefined", key.pc), size_of(word))
        exit_ = append_one(Builder(block.insts), key.pc, word)
        block.exit = exit_ or Goto(BlockKey(key.pc + block.size))
        return block, exit_ is not None

    def disassemble(self, code: CodeReader, pc: int, mode: int = 0) -> str:
        del mode
        return fetched(code, pc).hex()

    def listing(self, code: CodeReader, key: BlockKey, size: int) -> Iterator[tuple[int, str]]:
        pc = key.pc
        while pc < key.pc + size:
            text = self.disassemble(code, pc)
            yield pc, text
            pc += len(text) // 2

    def syscall_abi(self, cpu: str = "") -> SyscallAbi:
        del cpu
        raise NotImplementedError("the toy has no Linux")

    def instruction_reader(self, mode: int) -> "ToyReader":
        del mode
        return ToyReader()


FRAME = REGISTERS.index("frame")
"""The number of the stack pointer."""


class ToyReader:
    """Reads single instructions for ground truth, apart from the lifting."""

    def is_call(self, word: int) -> bool:
        return word >> 12 & 15 in (0x5, 0xC)

    def moves_stack(self, word: int) -> bool:
        return word >> 12 & 15 in (0x2, 0x3, 0xB) and word >> 8 & 15 == FRAME

    def loads_stack(self, word: int) -> bool:
        return word >> 12 & 15 == 0x7 and word >> 8 & 15 == FRAME

    def always_sets_stack(self, word: int) -> bool:
        return word >> 12 & 15 in (0x1, 0x7, 0xD) and word >> 8 & 15 == FRAME


def fetched(code: CodeReader, pc: int) -> bytes:
    """The bytes of one instruction."""
    first = code.fetch(pc, 2)
    return code.fetch(pc, size_of(int.from_bytes(first, "little")))


def size_of(word: Any) -> int:
    """The bytes of the instruction that a number begins with."""
    return 6 if word >> 12 & 15 == WORD else 2


def append_one(emit: Builder, pc: Any, word: Any) -> Exit | None:
    """Append one instruction; the exit, if it is the last of its block. ``word`` and ``pc`` are
    ints or Numbers, as everywhere below."""
    half, size = word & 0xFFFF, size_of(word)
    emit.insn(pc, size)
    if any(number >= len(REGISTERS) for number in _registers(half)):
        return Halt("undefined", pc)
    if half >> 12 in (0x1, 0x2, 0x3, 0x7, 0x8, 0xB, WORD):
        _compute(emit, half, word >> 16)
        return None
    return _leave(emit, half, pc, pc + size)


def _registers(half: Any) -> tuple[Any, Any]:
    """The numbers of the registers x and y; 0 where there is none."""
    op = half >> 12
    x = half >> 8 & 15 if op not in (0x0, 0x5, 0x6, 0x9, 0xE, 0xF) else 0
    return x, half & 15 if op in (0x2, 0x3, 0x7, 0x8) else 0


def _compute(emit: Builder, half: Any, word: Any) -> None:
    """An instruction that only changes registers or memory."""
    n = half & 0xFF
    x, y = (pick(REGISTERS, number) for number in _registers(half))
    match half >> 12:
        case 0x1:
            emit.set(x, emit.const(n))
        case 0x2:
            emit.set(x, emit.add(emit.get(x), emit.get(y)))
        case 0x3:
            emit.set(x, emit.sub(emit.get(x), emit.get(y)))
        case 0x7:
            emit.set(x, emit.load(emit.add(emit.get(y), 4 * (n >> 4))))
        case 0x8:
            emit.store(emit.add(emit.get(y), 4 * (n >> 4)), emit.get(x))
        case 0xB:
            emit.set(x, emit.add(emit.get(x), signed(n, 8) & 0xFFFFFFFF))
        case _:
            emit.set(x, emit.const(word))


def _leave(emit: Builder, half: Any, pc: Any, after: Any) -> Exit:
    """An instruction that ends its block."""
    name = pick(REGISTERS, _registers(half)[0])
    match half >> 12:
        case 0x0:
            return Halt("halt", pc)
        case 0x4:
            taken = BlockKey(after + 2 * signed(half & 0xFF, 8))
            return Branch(emit.ne(emit.get(name), 0), taken, BlockKey(after))
        case 0x5:
            emit.set("back", emit.const(after))
            return Call(BlockKey(after + 2 * signed(half & 0xFFF, 12)), after)
        case 0x6:
            return Return(emit.get("back"))
        case 0x9:
            return Swi(half & 0xFF, BlockKey(after))
        case 0xA:
            return Jump(emit.get(name))
        case 0xC:
            target = emit.get(name)
            emit.set("back", emit.const(after))
            return Call(target, after)
    return Halt(HALT_BREAKPOINT if half == 0xFFFF else "undefined", pc)


def signed(value: Any, bits: int) -> Any:
    """A field of so many bits as a signed number."""
    return value - (1 << bits) if value >> (bits - 1) else value


def assemble(text: str, at: int) -> tuple[bytes, dict[str, int]]:
    """Code for ``at`` from one instruction a line, and the addresses of its labels (``name:``)."""
    labels: dict[str, int] = {}
    for _ in range(2):  # the second time all labels are known
        code = b"".join(_pieces(text, at, labels))
    return code, labels


def _pieces(text: str, at: int, labels: dict[str, int]) -> Iterator[bytes]:
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.endswith(":"):
            labels[line[:-1]] = at
            continue
        name, *words = line.replace(",", " ").split()
        piece = _piece(name, words, at, labels)
        at += len(piece)
        yield piece


_PLAIN = {"halt": 0x0000, "return": 0x6000}
_TWO = {"add": 0x2000, "subtract": 0x3000}
_REGISTER = {"call": 0xC000, "jump": 0xA000}
_NUMBER = {"put": 0x1000, "add": 0xB000}
_MEMORY = {"load": 0x7000, "store": 0x8000}


def _piece(name: str, words: list[str], at: int, labels: dict[str, int]) -> bytes:
    """One instruction."""

    def offset(word: str, mask: int) -> int:
        return (labels.get(word, at) - at - 2) // 2 & mask

    registers = [REGISTERS.index(word) for word in words if word in REGISTERS]
    match words:
        case []:
            half = _PLAIN[name]
        case [_] if registers:
            half = _REGISTER[name] | registers[0] << 8
        case [number] if name == "system":
            half = 0x9000 | int(number)
        case [label]:
            half = 0x5000 | offset(label, 0xFFF)
        case [_, value] if name == "word":
            number = labels.get(value, 0) if value.isidentifier() else int(value, 0)
            half = WORD << 12 | registers[0] << 8
            return half.to_bytes(2, "little") + number.to_bytes(4, "little")
        case [_, label] if name == "unless-zero":
            half = 0x4000 | registers[0] << 8 | offset(label, 0xFF)
        case [_, _] if len(registers) == 2:
            half = _TWO[name] | registers[0] << 8 | registers[1]
        case [_, number]:
            half = _NUMBER[name] | registers[0] << 8 | int(number) & 0xFF
        case [_, _, words_up]:
            half = _MEMORY[name] | registers[0] << 8 | int(words_up) << 4 | registers[1]
        case _:
            raise ValueError(f"{name} {words}")
    return half.to_bytes(2, "little")
