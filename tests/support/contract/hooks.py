"""Hook exits and system calls that are served while the executor waits."""

from support.contract import Contract
from support.rig import START, Rig

from dbt.hooks.follow import decisions
from dbt.interfaces import HookHit, NotTranslated, SyscallHit
from dbt.ir.block import HOOKED, BlockKey

BEHIND = BlockKey(START, HOOKED)
LOOP = """
block 0x8000 {
  hook 0x8000@0x2
}
block 0x8000@0x2 {
  insn 0x8000 4
  %0:i32 = get r0
  %1:i32 = sub %0, 0x1
  set r0 %1
  %2:i1 = ne %1, 0x0
  branch %2, 0x8000, 0x8100
}
block 0x8100 {
  insn 0x8100 4
  swi 0x0, 0x8104
}"""

CALLS = """
block 0x8000 {
  insn 0x8000 4
  swi 0x0, 0x8004
}
block 0x8004 {
  insn 0x8004 4
  jump 0x8000
}"""


class HooksContract(Contract):
    """``Executor.on_hit``, and what is decided for hooks in compiled code."""

    def test_decisions_are_compiled_all_or_none(self, rig: Rig) -> None:
        executor = rig.executor
        found = (
            executor.fuel_address,
            executor.decision(decisions),
            executor.decision(decisions, "keep"),
            executor.depth_keeper(decisions, 0),
        )
        assert all(found) or not any(found)

    def hooked(self, rig: Rig, answers: list[bool]) -> list[HookHit]:
        """Have the executor ask for the answers, one at each HookHit. Returns the hits."""
        hits: list[HookHit] = []

        def on_hit(hit: HookHit | SyscallHit) -> bool:
            if isinstance(hit, SyscallHit):
                return False
            assert rig.state.get("pc") == START
            hits.append(hit)
            return answers.pop(0)

        self.install(rig, LOOP)
        rig.executor.on_hit = on_hit
        rig.state.set("r0", 4)
        rig.executor.fuel = 100
        return hits

    def test_it_continues_behind_a_hook_that_has_run(self, rig: Rig) -> None:
        hits = self.hooked(rig, [True] * 4)
        assert rig.executor.run(BlockKey(START)) == SyscallHit(0, BlockKey(0x8104))
        assert hits == [HookHit(BEHIND)] * 4
        assert rig.executor.fuel == 100 - 5
        assert rig.reasons()["hook"] == 4

    def test_it_returns_the_event_when_it_is_told_to(self, rig: Rig) -> None:
        hits = self.hooked(rig, [True, False, True, True])
        assert rig.executor.run(BlockKey(START)) == HookHit(BEHIND)
        assert len(hits) == 2
        assert rig.executor.fuel == 100 - 1
        assert rig.executor.run(BEHIND) == SyscallHit(0, BlockKey(0x8104))
        assert len(hits) == 4
        assert rig.reasons()["hook"] == 4

    def test_a_hook_may_drop_the_block_behind_it(self, rig: Rig) -> None:
        self.hooked(rig, [])
        answer = iter([True, True, False])

        def on_hit(hit: HookHit | SyscallHit) -> bool:
            more = next(answer)
            if rig.state.get("r0") == 3:
                rig.executor.discard([hit.resume])
            return more

        rig.executor.on_hit = on_hit
        assert rig.executor.run(BlockKey(START)) == NotTranslated(BEHIND)
        assert rig.state.get("r0") == 3
        self.install(rig, LOOP)
        rig.executor.on_hit = lambda hit: isinstance(hit, HookHit)
        assert rig.executor.run(BEHIND) == SyscallHit(0, BlockKey(0x8104))

    def test_it_continues_behind_a_system_call_that_was_made(self, rig: Rig) -> None:
        """The call may change registers, and where the blocks behind it lead."""
        calls: list[tuple[SyscallHit, int]] = []

        def on_hit(hit: HookHit | SyscallHit) -> bool:
            assert isinstance(hit, SyscallHit)
            calls.append((hit, rig.executor.fuel))
            rig.state.set("r0", rig.state.get("r0") + 1)
            return rig.state.get("r0") < 3

        self.install(rig, CALLS)
        rig.executor.on_hit = on_hit
        rig.executor.fuel = 100
        assert rig.executor.run(BlockKey(START)) == SyscallHit(0, BlockKey(0x8004))
        assert calls == [(SyscallHit(0, BlockKey(0x8004)), fuel) for fuel in (99, 97, 95)]
        assert rig.state.get("pc") == 0x8004
        assert rig.reasons()["syscall"] == 3
        assert rig.executor.run(BlockKey(0x8004)) == SyscallHit(0, BlockKey(0x8004))

    def test_what_a_system_call_has_dropped_is_asked_for(self, rig: Rig) -> None:
        def on_hit(hit: HookHit | SyscallHit) -> bool:
            rig.executor.discard([hit.resume])
            return True

        self.install(rig, CALLS)
        rig.executor.on_hit = on_hit
        rig.executor.fuel = 100
        assert rig.executor.run(BlockKey(START)) == NotTranslated(BlockKey(0x8004))
