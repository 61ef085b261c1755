"""What every frontend must do: one test class, subclassed by each frontend's tests.

A subclass supplies ``make_frontend``, ``plain`` (an instruction that does not end its block),
``modes`` of code that it lifts, and modes with bits that are ``Frontend.changing``, if it has such.
See ``dbt/interfaces/frontend.py``.
"""

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dbt.interfaces import PAGE, PC_SLOT, Frontend, Scalar
from dbt.ir.block import (
    ARRIVED,
    CONDITION_PASSED,
    HALT_BREAKPOINT,
    HOOKED,
    Block,
    BlockKey,
    Goto,
    Halt,
    frontend_mode,
)
from dbt.ir.ops import INSN
from dbt.ir.printer import block_lines, print_block
from dbt.ir.types import I32
from dbt.ir.verifier import verify
from dbt.runtime.state import GuestState
from dbt.stops import Access, GuestFault

BASE = 0x8000
AT = st.integers(0, (1 << 32) - 1)
CODE = st.binary(min_size=6, max_size=80)
FRONT = st.binary(min_size=8, max_size=8)
SCALARS = st.builds(Scalar, st.sampled_from([1, 2, 4, 8])) | st.builds(
    Scalar, st.sampled_from([4, 8]), floating=st.just(True)
)
inherited = settings(suppress_health_check=[HealthCheck.differing_executors])


@attrs.frozen
class Bytes:
    """Code without a memory around it."""

    code: bytes
    base: int = BASE

    def fetch(self, address: int, size: int) -> bytes:
        offset = address - self.base
        if not 0 <= offset <= len(self.code) - size:
            first = address if offset < 0 else max(address, self.base + len(self.code))
            raise GuestFault(first, Access.EXECUTE)
        return self.code[offset : offset + size]


def marks(block: Block) -> list[tuple[int, int]]:
    """The pc and size of each instruction."""
    return [(int(inst.imm[0]), int(inst.imm[1])) for inst in block.insts if inst.op is INSN]


class FrontendContract:
    """All cases."""

    @pytest.mark.parametrize("flags", [0, 0xFFFFFFFF])
    @given(kinds=st.lists(SCALARS, max_size=12), result=st.none() | SCALARS)
    @inherited
    def test_arguments_and_results_have_homes_of_their_own(
        self, kinds: list[Scalar], result: Scalar | None, flags: int
    ) -> None:
        frontend = self.make_frontend()
        slots = {slot.name: slot for slot in frontend.layout.slots}
        placed = frontend.calling.place(kinds, result, flags)
        bytes_used: set[int] = set()
        for kind, homes in zip(kinds, placed.arguments, strict=True):
            spans = [
                range(slots[home].offset, slots[home].end)
                if isinstance(home, str)
                else range(-4 - home, -home)
                for home in homes
            ]
            assert sum(map(len, spans)) == max(4, kind.size)
            for span in spans:
                assert bytes_used.isdisjoint(span)
                bytes_used.update(span)
            assert all(isinstance(home, str) or home + 4 <= placed.stack for home in homes)
        assert placed.stack % frontend.calling.stack_alignment == 0
        size = sum(slots[slot].end - slots[slot].offset for slot in placed.result)
        assert size == (0 if result is None else max(4, result.size))

    def test_words_are_where_the_hooks_look_for_them(self) -> None:
        frontend = self.make_frontend()
        abi = frontend.call_abi
        placed = frontend.calling.place([Scalar(4)] * (len(abi.arguments) + 2), Scalar(4), 0)
        slots = tuple((slot,) for slot in abi.arguments)
        assert placed.arguments == (*slots, (0,), (4,))
        assert placed.result == (abi.result,)

    plain: bytes
    modes: tuple[int, ...] = (0,)
    changing_modes: tuple[int, ...] = ()

    def make_frontend(self) -> Frontend:
        """The frontend under test."""
        raise NotImplementedError

    def lift(self, code: bytes, *boundaries: int, base: int = BASE, mode: int = 0) -> Block:
        """Lift a block at the first byte of the code, and verify it."""
        frontend = self.make_frontend()
        block = frontend.lift(Bytes(code, base), BlockKey(base, mode), boundaries)
        verify(block, frontend.layout)
        return block

    # -- what it declares

    def test_slots_that_are_named_are_there(self) -> None:
        frontend = self.make_frontend()
        layout, abi = frontend.layout, frontend.call_abi
        assert layout.by_name[PC_SLOT].type is I32
        named = {*layout.general, *layout.hot, *layout.flags, *(slot for _, slot in layout.aliases)}
        named |= {*abi.arguments, abi.result, abi.stack, abi.link}
        assert named <= layout.by_name.keys()

    def test_sizes_are_those_of_instructions_longest_first(self) -> None:
        frontend = self.make_frontend()
        assert list(frontend.insn_sizes) == sorted(frontend.insn_sizes, reverse=True)
        for mode in self.modes:
            sizes = frontend.sizes_in(mode)
            assert list(sizes) == [size for size in frontend.insn_sizes if size in sizes]
            assert len(self.plain) in sizes
            assert len(frontend.breakpoint_in(mode)) in sizes

    def test_encodings_are_by_state(self) -> None:
        """One, without mode and bit; or two, of which the second has a bit of modes that is a bit
        of locations."""
        frontend = self.make_frontend()
        first, *second = frontend.encodings
        assert (first.mode, first.location_bit) == (0, 0)
        assert len(second) < 2
        for encoding in frontend.encodings:
            location, sizes = BASE | encoding.location_bit, frontend.sizes_in(encoding.mode)
            assert frontend.key_of(location) == BlockKey(BASE, encoding.mode)
            assert encoding.location_bit & ~frontend.layout.state_bits == 0
            assert encoding.alignment == min(sizes)
            assert not any(size % encoding.alignment for size in sizes)
            assert encoding.index < 1 << 8 * min(sizes), "every instruction has these bits"

    def test_numbers_have_the_bytes_of_an_instruction_and_what_changes_of_its_mode(self) -> None:
        frontend = self.make_frontend()
        assert frontend.word_bits == 8 * frontend.insn_sizes[0]
        changing = frontend.changing
        assert changing == frontend_mode(changing)
        assert f"{changing:b}".strip("0").count("0") == 0, "the bits are next to each other"
        assert not any(encoding.mode & changing for encoding in frontend.encodings)
        assert all(mode & changing for mode in self.changing_modes)

    # -- keys and locations

    @inherited
    @given(location=AT)
    def test_location_of_is_the_inverse_of_key_of(self, location: int) -> None:
        frontend = self.make_frontend()
        key = frontend.key_of(location)
        there = frontend.location_of(key)
        assert frontend.key_of(there) == key
        assert there in (location, key.pc), "bits that do not count are dropped"
        states = [one for one in frontend.encodings if key.mode & one.mode == one.mode]
        assert key.pc % states[-1].alignment == 0
        assert key.mode == frontend_mode(key.mode)

    @inherited
    @given(location=AT)
    def test_generic_mode_bits_are_in_no_location(self, location: int) -> None:
        frontend = self.make_frontend()
        key = frontend.key_of(location)
        assert frontend.location_of(key.with_mode(ARRIVED)) == frontend.location_of(key)

    @inherited
    @given(location=AT)
    def test_what_the_state_adds_is_in_no_location(self, location: int) -> None:
        frontend = self.make_frontend()
        key = frontend.key_of(location)
        state = GuestState(frontend.layout)
        for slot in frontend.layout.slots:
            state.set(slot.name, slot.type.mask)
        added = frontend.in_state(key, state)
        assert added.pc == key.pc
        assert frontend.in_state(added, state) == added
        assert frontend.location_of(added) == frontend.location_of(key)
        state.clear()
        assert frontend.in_state(added, state) == key

    @inherited
    @given(location=AT, bits=st.integers(0, (1 << 64) - 1), generic=st.sampled_from([0, ARRIVED]))
    def test_known_slots_hold_what_the_state_has(
        self, location: int, bits: int, generic: int
    ) -> None:
        frontend = self.make_frontend()
        state = GuestState(frontend.layout)
        for number, slot in enumerate(frontend.layout.slots):
            state.set(slot.name, bits >> number % 57 & 0xFF & slot.type.mask)
        key = frontend.in_state(frontend.key_of(location), state).with_mode(generic)
        for name, value in frontend.known_slots(key).items():
            assert frontend.layout.by_name[name].type.bits <= 64
            assert state.get(name) == value

    # -- where blocks end

    @pytest.mark.parametrize("limit", [1, 3, 20])
    def test_after_the_most_instructions(self, limit: int) -> None:
        frontend = self.make_frontend()
        frontend.max_insns = limit
        for mode in self.modes:
            block = frontend.lift(Bytes(self.plain * 64), BlockKey(BASE, mode))
            self.ends_at(block, BASE + limit * len(self.plain))

    def test_before_a_boundary_but_not_at_its_own_pc(self) -> None:
        for mode in self.modes:
            for n in (1, 2, 5):
                end = BASE + n * len(self.plain)
                self.ends_at(self.lift(self.plain * 8, BASE, end, mode=mode), end)

    @pytest.mark.parametrize("n", [1, 4])
    def test_at_the_end_of_a_page(self, n: int) -> None:
        end = BASE + PAGE
        for mode in self.modes:
            block = self.lift(self.plain * 16, base=end - n * len(self.plain), mode=mode)
            self.ends_at(block, end)

    def test_before_what_cannot_be_fetched(self) -> None:
        for mode in self.modes:
            for n in (1, 3):
                block = self.lift(self.plain * n, mode=mode)
                self.ends_at(block, BASE + n * len(self.plain))

    def ends_at(self, block: Block, pc: int) -> None:
        assert isinstance(block.exit, Goto)
        assert block.exit.target == BlockKey(pc, frontend_mode(block.key.mode))
        assert block.key.pc + block.size == pc
        assert block.insn_count * len(self.plain) == block.size

    def test_a_first_instruction_that_cannot_be_fetched_faults(self) -> None:
        for mode in self.modes:
            for code in (b"", self.plain[:-1]):
                with pytest.raises(GuestFault) as fault:
                    self.lift(code, mode=mode)
                assert fault.value.access is Access.EXECUTE
                assert BASE <= fault.value.address <= BASE + len(code)

    def test_at_the_breakpoint(self) -> None:
        for mode in self.modes:
            code = self.make_frontend().breakpoint_in(mode)
            block = self.lift(code + self.plain, mode=mode)
            assert isinstance(block.exit, Halt)
            assert (block.exit.reason, block.exit.pc) == (HALT_BREAKPOINT, BASE)
            assert (block.size, block.insn_count) == (len(code), 0)
            after = self.lift(self.plain + code, mode=mode | HOOKED)
            assert isinstance(after.exit, Halt)
            assert after.exit.pc == BASE + len(self.plain)

    # -- whatever the code

    @inherited
    @given(code=CODE)
    def test_every_block_is_right(self, code: bytes) -> None:
        frontend = self.make_frontend()
        for mode in self.modes:
            block = self.lift(code, mode=mode)
            assert block.key == BlockKey(BASE, mode)
            assert min(frontend.sizes_in(mode)) <= block.size <= len(code)
            pc = BASE
            for marked, size in marks(block):
                assert marked == pc, "each instruction has a mark, in order"
                assert size in frontend.sizes_in(mode)
                pc += size
            assert pc == BASE + block.size

    @inherited
    @given(code=CODE, front=FRONT, around=FRONT)
    def test_it_depends_on_its_bytes_and_those_before(
        self, code: bytes, front: bytes, around: bytes
    ) -> None:
        frontend = self.make_frontend()
        for mode in self.modes:
            key = BlockKey(BASE, mode)
            block = frontend.lift(Bytes(front + code, BASE - 8), key)
            assert 0 <= block.before <= 8
            mine = code[: block.size]
            near = front[len(front) - block.before :]
            other = around[: len(around) - block.before] + near + mine + around
            again = frontend.lift(Bytes(other, BASE - 8), key, {BASE + block.size})
            assert print_block(again) == print_block(block)

    @inherited
    @given(code=CODE)
    def test_one_instruction_is_lifted_as_in_a_block(self, code: bytes) -> None:
        frontend = self.make_frontend()
        frontend.max_insns = 1
        bits, changing = frontend.word_bits, frontend.changing
        for mode in (*self.modes, *self.changing_modes):
            for passed in (0, CONDITION_PASSED):
                key = BlockKey(BASE, mode | passed)
                number = int.from_bytes(code[: bits // 8], "little")
                if changing:
                    number |= (mode & changing) // (changing & -changing) << bits
                alone = BlockKey(BASE, key.mode & ~changing)
                block, ends = frontend.lift_one(alone, number, 0)
                whole = frontend.lift(Bytes(code), key)
                assert block_lines(block)[1:] == block_lines(whole)[1:], "all but the key"
                assert block.size == whole.size
                assert ends or isinstance(block.exit, Goto)

    @inherited
    @given(code=CODE)
    def test_it_is_listed(self, code: bytes) -> None:
        frontend = self.make_frontend()
        for mode in self.modes:
            block = self.lift(code, mode=mode)
            for pc, _ in marks(block):
                assert frontend.disassemble(Bytes(code), pc, mode)
            listed = list(frontend.listing(Bytes(code), block.key, block.size))
            assert [pc for pc, _ in listed] == [pc for pc, _ in marks(block)]
            assert listed[0][1] == frontend.disassemble(Bytes(code), BASE, mode)
