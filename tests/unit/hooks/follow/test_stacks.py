"""Following the guest's stacks: where the pass looks, and what is made of it."""

from support.pictures import assert_true

from dbt.hooks.follow.stacks import Stack, StackFollower, ignore
from dbt.hooks.follow.watch_stack import WatchStack
from dbt.hooks.slots import SP_LIMIT
from dbt.ir.block import SP_STEP, BlockKey
from dbt.ir.parser import parse_block
from dbt.ir.printer import print_block

PASS = WatchStack("r13")


def block(*lines: str) -> str:
    return "\n".join(["block 0x8000 {", *lines, "goto 0x9000", "}"])


# -- The pass --------------------------------------------------------------------------------------


def test_a_push_is_not_looked_at() -> None:
    push = block("insn 0x8000 4", "%0:i32 = get r13", "%1:i32 = add %0, 0xfffffff8", "set r13 %1")
    assert_true(PASS, push, push)
    aligned = push.replace("add %0, 0xfffffff8", "and %0, 0xfffffff8")
    assert_true(PASS, aligned, aligned)


def test_other_registers_are_not_looked_at() -> None:
    other = block("insn 0x8000 4", "%0:i32 = get r1", "set r12 %0")
    assert_true(PASS, other, other)


def test_of_two_rises_in_a_row_the_second_is_looked_at() -> None:
    first = ["insn 0x8000 4", "%0:i32 = get r13", "%1:i32 = add %0, 0x8", "set r13 %1"]
    second = ["insn 0x8004 4", "%2:i32 = get r13", "%3:i32 = add %2, 0x8"]
    check = ["%4:i32 = get hook.sp_limit", "%5:i1 = ult %4, %3", "trap_if stack-raised %5"]
    end = ["set r13 %3"]
    assert_true(PASS, block(*first, *second, *end), block(*first, *second, *check, *end))


def test_a_rise_before_a_push_is_looked_at() -> None:
    rise = ["insn 0x8000 4", "%0:i32 = get r13", "%1:i32 = add %0, 0x8"]
    check = ["%2:i32 = get hook.sp_limit", "%3:i1 = ult %2, %1", "trap_if stack-raised %3"]
    push = ["insn 0x8004 4", "%4:i32 = get r13", "%5:i32 = sub %4, 0x8", "set r13 %5"]
    before = block(*rise, "set r13 %1", *push)
    assert_true(PASS, before, block(*rise, *check, "set r13 %1", *push))


def test_it_traps_before_the_instruction_has_done_anything() -> None:
    """pop {r4}: r4 is written first here."""
    loads = ["insn 0x8000 4", "%0:i32 = get r13", "%1:i32 = load %0", "%2:i32 = add %0, 0x4"]
    check = ["%3:i32 = get hook.sp_limit", "%4:i1 = ult %3, %2", "trap_if stack-raised %4"]
    writes = ["set r4 %1", "set r13 %2"]
    assert_true(PASS, block(*loads, *writes), block(*loads, *check, *writes))


def test_a_conditional_move_is_looked_at_on_its_condition() -> None:
    move = ["insn 0x8000 4", "%0:i1 = get zf", "%1:i32 = get r7"]
    check = [
        "%2:i32 = get hook.sp_limit",
        "%3:i1 = ule %2, %1",
        "%4:i32 = get r13",
        "%5:i1 = ult %1, %4",
        "%6:i1 = or %3, %5",
        "trap_if stack-loaded %6 when %0",
    ]
    end = "set r13 %1 when %0"
    assert_true(PASS, block(*move, end), block(*move, *check, end))


def test_a_block_that_the_host_steps_through_is_left_alone() -> None:
    text = block("insn 0x8000 4", "%0:i32 = get r7", "set r13 %0")
    made = parse_block(text)
    made.key = BlockKey(0x8000, SP_STEP)
    before = print_block(made)
    PASS.run(made)
    assert print_block(made) == before


# -- The stacks ------------------------------------------------------------------------------------


class State:
    """Slots, each a word."""

    def __init__(self, pointer: int) -> None:
        self.words = [pointer, 0]

    def word(self, slot: str) -> int:
        return ["r13", SP_LIMIT].index(slot)

    def get(self, slot: str) -> int:
        return self.words[self.word(slot)]

    def set(self, slot: str, value: int) -> None:
        self.words[self.word(slot)] = value


class Frames:
    """A follower that notes what it is told."""

    def __init__(self) -> None:
        self.changed = ignore
        self.frame: int | None = None
        self.told: list[object] = []
        self.loads: list[int] = []

    def switched(self, left: Stack, entered: Stack) -> None:
        self.told.append((left, entered))

    def unwind(self, pointer: int) -> None:
        self.told.append(pointer)

    def loaded(self, pointer: int) -> None:
        self.loads.append(pointer)

    def abandon(self) -> None:
        self.told.append("abandoned")

    def innermost(self) -> int | None:
        return self.frame


def following(pointer: int, bound: int) -> tuple[State, StackFollower, Frames]:
    state, frames = State(pointer), Frames()
    stacks = StackFollower(state, "r13", lambda _: bound)
    stacks.add(frames, None)
    frames.told.clear()
    return state, stacks, frames


def move(state: State, stacks: StackFollower, to: int, *, loaded: bool) -> None:
    old = state.get("r13")
    state.set("r13", to)
    stacks.moved(old, loaded=loaded)


def test_without_frames_the_pointer_may_rise_to_the_end_of_its_stack() -> None:
    state, _, frames = following(0x1000, 0x2000)
    assert state.get(SP_LIMIT) == 0x2000
    frames.frame = 0x1800
    frames.changed()
    assert state.get(SP_LIMIT) == 0x1800


def test_a_value_from_outside_begins_a_stack_and_one_from_inside_leads_back() -> None:
    state, stacks, frames = following(0x1000, 0x2000)
    first = stacks.current
    move(state, stacks, 0x9000, loaded=True)
    second = stacks.current
    assert second is not first
    assert frames.told == [(first, second), 0x9000]
    move(state, stacks, 0x1400, loaded=True)
    assert stacks.current is first
    assert frames.told[2:] == [(second, first), 0x1400]
    move(state, stacks, 0x9000, loaded=True)
    assert stacks.current is second


def test_a_step_stays_on_its_stack_wherever_it_leads() -> None:
    state, stacks, frames = following(0x1000, 0x1000)
    move(state, stacks, 0x9000, loaded=False)
    assert frames.told == [0x9000]
    assert 0x5000 in stacks.current


def test_a_signal_frame_is_pushed_or_begins_a_stack() -> None:
    state, stacks, _ = following(0x9000, 0x9000)
    first = stacks.current
    state.set("r13", 0x8D00)
    stacks.moved_by_kernel(0x9000)
    assert stacks.current is first
    state.set("r13", 0x4000)
    stacks.moved_by_kernel(0x8D00)
    assert stacks.current is not first
    state.set("r13", 0x8D00)
    stacks.moved_by_kernel(0x4000)
    assert stacks.current is first


def test_ignore_is_told_after_leaving() -> None:
    state, stacks, frames = following(0x1000, 0x1000)
    stacks.remove(frames)
    state.set("r13", 0x500)
    stacks.moved_by_kernel(0x1000)
    assert frames.told == ["abandoned"]
    assert frames.changed is ignore
