"""Code without checks in whole programs: faults, code that is written over, lost pages."""

import gc
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.guests import guest
from support.machine_code import BASE, CODE, EXIT, program
from support.rig import Rig
from support.stencils import Copies

from backends.numba_jit import NumbaBackend, abi, tables
from dbt.interfaces import EXEC, PAGE, READ, WRITE, BackendOptions, FaultHit, HaltHit
from dbt.ir.block import BlockKey
from dbt.ir.parser import parse_block, parse_blocks
from dbt.process import Process
from dbt.runtime import protection
from dbt.stops import Access, Exited, Killed, Stop

MMU = BackendOptions(tier="0", memory_checks="mmu")
EXPLICIT = BackendOptions(tier="0", memory_checks="explicit")
WITHOUT = {
    "copied": MMU,
    "quick": BackendOptions(tier="1", memory_checks="mmu"),
    "compiled": BackendOptions(tier="2", memory_checks="mmu"),
    "regions": BackendOptions(hot=2, background=False, memory_checks="mmu"),
}
every_way = pytest.mark.parametrize("options", WITHOUT.values(), ids=WITHOUT)
SET_R1 = 0xE59F1008  # ldr r1, [pc, #8]: the word behind exit
ACCESSES = {
    "ldr": 0xE5912000, "str": 0xE5812000, "ldrb": 0xE5D12000, "strh": 0xE1C120B0,
    "ldrd": 0xE1C120D0, "strd": 0xE1C120F0, "ldm": 0xE891000C, "stm": 0xE881000C,
    "ldm many": 0xE8910FFC, "stm many": 0xE8810FFC, "swp": 0xE1012092, "ldrex": 0xE1912F9F,
    "vld1": 0xF4210A0F, "vst1": 0xF4010A0F,
    "ldm of its base": 0xE8910006, "stm, writing back": 0xE8A1000C,
    "vldr": 0xED912A00, "vstr of a double": 0xED812B00, "vldm": 0xEC912B04,
}  # fmt: skip
PLACES = {
    "null": 0, "below the program": BASE - 4, "behind it": BASE + PAGE - 4, "the end": 0xFFFFFFFC,
    "unaligned across": BASE + PAGE - 2, "the last byte": 0xFFFFFFFF, "here": BASE + 0x800,
}  # fmt: skip


def outcome(path: Path, options: BackendOptions) -> tuple[Stop, int, dict[str, int]]:
    """How a program ends, the instructions it has executed, and its state."""
    process = Process(str(path), env={}, options=options)
    stop = process.run()
    found = stop, process.engine.executed, process.state.snapshot()
    process.close()
    return found


@pytest.mark.parametrize("access", ACCESSES)
@pytest.mark.parametrize(
    ("way", "place"),
    [
        *(("copied", place) for place in PLACES),
        *(("compiled", place) for place in ("behind it", "unaligned across", "here")),  # 0.3 s each
    ],
)
def test_an_access_ends_as_one_that_is_checked(
    tmp_path: Path, way: str, access: str, place: str
) -> None:
    path = program(tmp_path, [SET_R1, ACCESSES[access], *EXIT, PLACES[place]])
    assert outcome(path, WITHOUT[way]) == outcome(path, EXPLICIT)


@every_way
def test_what_faults_is_known(tmp_path: Path, options: BackendOptions) -> None:
    path = program(tmp_path, [SET_R1, ACCESSES["ldr"], *EXIT, 0x123456])
    stop, executed, _ = outcome(path, options)
    assert isinstance(stop, Killed)
    assert (stop.pc, executed) == (CODE + 4, 1)
    assert "0x00123456" in str(stop)


HANDLED = [
    0xE28F1028, 0xE3A0000B, 0xE3A02000, 0xE3A03008,  # rt_sigaction(11, action, 0, 8)
    0xE3A070AE, 0xEF000000,
    0xE3A05000, 0xE2855FD2,  # r5: an address where nothing is mapped
    0xE5951000,  # ldr r1, [r5]
    0xE3A00063, *EXIT,
    CODE + 4 * 17, 4, 0, 0, 0,  # the action, with SA_SIGINFO
    0xE591000C, 0xE1A00120, *EXIT,  # the handler: exit(si_addr >> 2)
]  # fmt: skip


@every_way
def test_a_handler_of_the_guest_is_given_the_address(
    tmp_path: Path, options: BackendOptions
) -> None:
    assert outcome(program(tmp_path, HANDLED), options)[0] == Exited(0xD2)


WRITES = [
    0xE3A04000,  # mov r4, #0
    0xE28F5014,  # add r5, pc, #20: the instruction that is written over
    0xE59F6024,  # ldr r6, the new one
    0xE3540001,  # cmp r4, #1
    0x05856000,  # streq r6, [r5]
    0xE2844001,  # add r4, r4, #1
    0xE1A00000, 0xE1A00000,  # nop
    0xE3A00001,  # mov r0, #1: becomes mov r0, #7
    0xE3540005,  # cmp r4, #5
    0x1AFFFFF7,  # bne to the first cmp
    *EXIT,
    0xE3A00007,
]  # fmt: skip


@every_way
def test_a_store_to_code_is_noticed(tmp_path: Path, options: BackendOptions) -> None:
    path = program(tmp_path, WRITES)
    process = Process(str(path), env={}, options=options)
    assert process.run() == Exited(7)
    assert process.engine.invalidations == 1
    process.close()


def test_a_store_to_code_that_the_loop_has_made(tmp_path: Path) -> None:
    """The second time on another page, when all stencils are there."""
    front = [*WRITES[:-3], 0xEA000000 | (PAGE // 4 - len(WRITES) + 3 - 2), 0, WRITES[-1]]
    words = [*front, *[0] * (PAGE // 4 - len(front)), *WRITES]
    process = Process(str(program(tmp_path, words)), env={}, options=MMU)
    assert process.run() == Exited(7)
    assert process.engine.invalidations == 2
    process.close()


@pytest.mark.rotates("changes")
@pytest.mark.parametrize("name", ["selfmod", "unaligned", "processes", "vfork", "watched"])
@pytest.mark.parametrize("changes", [0, 1, 4])
@pytest.mark.parametrize("way", ["copied", "regions"])
def test_a_protection_that_lapses_is_not_relied_on(
    monkeypatch: pytest.MonkeyPatch, way: str, name: str, changes: int
) -> None:
    """From then on the code makes its own checks. It lapses after so many changes."""
    expected = outcome(guest(name), EXPLICIT)[:2]
    process = Process(str(guest(name)), env={}, options=WITHOUT[way])
    copies = process.engine.executor._copies  # type: ignore[attr-defined]
    assert not copies.checked
    left, borders = [2 * changes], protection._borders

    def counted(pages: bytes) -> int:
        """Called twice for each change."""
        if not left[0]:
            monkeypatch.setattr(protection, "MOST_BORDERS", 0)
        left[0] -= 1
        return borders(pages)

    monkeypatch.setattr(protection, "_borders", counted)
    assert (process.run(), process.engine.executed) == expected
    lapsed = left[0] < 0
    assert lapsed or changes
    assert process.memory.protection.follows is not lapsed
    if not changes:
        assert copies.checked
    process.close()


def test_a_protection_that_the_host_has_no_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protection, "MOST_BORDERS", 0)
    process = Process(str(guest("hello")), env={}, options=MMU)
    assert process.engine.executor._copies.checked  # type: ignore[attr-defined]
    assert process.run() == Exited(0)
    process.close()


@pytest.mark.parametrize(
    ("access", "base", "at"),
    [
        ("ldr", 0x12, 0xFFFFFFFE), ("str", 0x12, 0xFFFFFFFE),  # [r1, #-20], across the end
        ("ldr", 0x10, 0xFFFFFFFC), ("str", 0x10, 0xFFFFFFFC),
        ("ldr", 0xFFFFFFF8, 0xFFFFFFE4), ("ldr up", 0xFFFFFFF8, 12), ("str up", 0xFFFFFFF8, 12),
    ],
)  # fmt: skip
@every_way
def test_an_address_that_wraps_around_is_met_where_it_is(
    tmp_path: Path, options: BackendOptions, access: str, base: int, at: int
) -> None:
    """The host's address is not that, if a constant was made a part of the instruction."""
    words = {"ldr": 0xE5112014, "str": 0xE5012014, "ldr up": 0xE5912014, "str up": 0xE5812014}
    count = [0xE3A04005, 0xE5953000, 0xE2544001, 0x1AFFFFFC]  # the loop makes it hot
    path = program(tmp_path, [SET_R1, *count[:1], words[access], *count[2:], *EXIT, base])
    found = []
    for chosen in (options, EXPLICIT):
        process = Process(str(path), env={}, options=chosen)
        for page in (0, 0xFFFFF000):
            process.memory.map(page, PAGE, READ | WRITE)
        process.memory.poke(at, b"abcd"[: min(4, (1 << 32) - at)])
        process.state["r2"] = 0x12345678
        stop = process.run()
        content = process.memory.peek(at & -PAGE, PAGE)
        found.append((stop, process.engine.executed, process.state.snapshot(), content))
        process.close()
    assert found[0] == found[1]


def test_two_processes_at_once(tmp_path: Path) -> None:
    path = program(tmp_path, [SET_R1, ACCESSES["str"], *EXIT, 0x123456])
    ways = [Process(str(path), env={}, options=options) for options in (MMU, EXPLICIT, MMU)]
    assert all(isinstance(process.run(), Killed) for process in ways)
    ways[0].close()
    assert ways[2].memory.peek(CODE, 4) == SET_R1.to_bytes(4, "little")
    for process in ways[1:]:
        process.close()


WIDE = """
block 0x8000 {
  insn 0x8000 4
  %0:i32 = get r1
  %1:v128 = load %0
  store %0, %1
  halt done 0x8000
}
"""


@pytest.mark.parametrize(("at", "address"), [(0x100FF8, 0x101000), (0x101000, 0x101000)])
def test_an_access_of_16_bytes_is_made_without_checks(at: int, address: int) -> None:
    rig = Rig(NumbaBackend(), WITHOUT["compiled"])
    rig.memory.map(0x100000, PAGE, READ | WRITE)
    block = parse_block(WIDE)
    rig.install(block)
    rig.state["r1"] = 0x100FF0
    assert isinstance(rig.executor.run(block.key), HaltHit)
    rig.state["r1"] = at
    event = rig.executor.run(block.key)
    assert isinstance(event, FaultHit)
    assert (event.pc, event.address, event.access) == (0x8000, address, Access.READ)
    rig.close()


LOOKS = """
block 0x8000 {
  insn 0x8000 4
  %0:i32 = get r1
  invoke look %0
  goto 0x8004
}
block 0x8004 {
  insn 0x8004 4
  %0:i32 = get r1
  %1:i32 = load %0
  set r2 %1
  halt done 0x8004
}
"""


def test_what_a_function_has_looked_at_stays_closed() -> None:
    """The host's handler opens the page to it."""
    rig = Rig(NumbaBackend(), WITHOUT["compiled"])
    rig.memory.map(0x100000, PAGE, READ | WRITE)
    rig.memory.poke(0x100000, b"secret")
    rig.memory.protect(0x100000, PAGE, 0)
    seen: list[bytes] = []
    rig.functions.define("look", lambda _, at: seen.append(bytes(rig.memory.raw(at, 6))))
    first, second = parse_blocks(LOOKS)
    rig.install(first, second)
    rig.state["r1"] = 0x100000
    for _ in range(3):  # the blocks are linked then
        event = rig.executor.run(first.key)
        assert isinstance(event, FaultHit)
        assert (event.pc, rig.state["r2"]) == (0x8004, 0)
    assert seen == [b"secret"] * 3
    rig.close()


def copy_of(copies: Copies, words: Sequence[int]) -> int:
    """Where the code of these instructions begins."""
    copies.memory.map(0x8000, PAGE, READ | EXEC)
    copies.memory.poke(0x8000, b"".join(word.to_bytes(4, "little") for word in words))
    draft = copies.draft(BlockKey(0x8000))
    assert draft is not None
    copies.control[abi.FUEL // 8] = 100
    return copies.copy(draft, 1)[0]


@pytest.mark.parametrize("access", ["ldr", "str"])
def test_a_lost_page_is_met_at_once(access: str) -> None:
    """Code with checks runs on until its next access."""
    copies = Copies(insns=2, checked=False)
    with tempfile.TemporaryFile() as file:
        file.truncate(2 * PAGE)
        copies.memory.map_shared(0x100000, 2 * PAGE, READ | WRITE, file.fileno(), 0)
        start = copy_of(copies, [ACCESSES[access], 0xE12FFF1E])
        copies.state["r1"], copies.state["r2"] = 0x100000 + PAGE, 7
        os.ftruncate(file.fileno(), PAGE)
        kind, offset = copies.run(start)
        assert kind == tables.X_REFUSED
        assert start <= copies.copier.code.start + offset < start + 100
        assert copies.state["r2"] == 7
        assert copies.memory.take_lost() == 0x100000 + PAGE
        assert copies.run(start)[0] == tables.X_REFUSED
        assert copies.memory.take_lost() is None
    copies.close()


def test_a_lost_page_that_python_has_met_first() -> None:
    copies = Copies(insns=2, checked=False)
    with tempfile.TemporaryFile() as file:
        file.truncate(PAGE)
        copies.memory.map_shared(0x100000, PAGE, READ | WRITE, file.fileno(), 0)
        start = copy_of(copies, [ACCESSES["ldr"], 0xE12FFF1E])
        copies.state["r1"] = 0x100000
        os.ftruncate(file.fileno(), 0)
        bytes(copies.memory.raw(0x100000, 1))
        assert copies.run(start)[0] == tables.X_REFUSED
        assert copies.memory.take_lost() == 0x100000
    copies.close()


def test_python_may_look_although_the_guest_handles_sigsegv(tmp_path: Path) -> None:
    """The host's handler stays our own, while the guest runs and when it does not."""
    words = [*HANDLED[:6], *EXIT, *[0] * 9, *HANDLED[17:]]
    words[12:17] = HANDLED[12:17]
    process = Process(str(program(tmp_path, words)), env={}, options=MMU)
    seen: list[bytes] = []

    def look(event: object) -> None:
        process.memory.protect(CODE & -PAGE, PAGE, 0)
        seen.append(process.memory.peek(CODE, 4))
        process.memory.protect(CODE & -PAGE, PAGE, READ | WRITE | EXEC)

    process.hooks.on_syscall("rt_sigaction", look, leaving=True)
    process.run()
    process.memory.protect(CODE & -PAGE, PAGE, 0)
    assert process.memory.peek(CODE, 4) == HANDLED[0].to_bytes(4, "little")
    assert seen == [HANDLED[0].to_bytes(4, "little")]
    process.close()


def test_a_process_that_nobody_closes_is_collected(tmp_path: Path) -> None:
    """As a part of a cycle: the memory of its code may go before it."""
    path = program(tmp_path, [SET_R1, ACCESSES["ldr"], *EXIT, BASE])
    process = Process(str(path), env={}, options=WITHOUT["compiled"])
    process.run()
    process.itself = process  # type: ignore[attr-defined]
    del process
    gc.collect()
