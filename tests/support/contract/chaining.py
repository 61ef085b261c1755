"""Links: which edges come back to the dispatcher, and what is counted when they do."""

import threading
import time

import pytest
from support.contract import Contract
from support.rig import (
    ALL,
    DATA,
    DIRECT,
    OFF,
    START,
    Rig,
    Rules,
)

from dbt.interfaces import (
    FuelOut,
    HaltHit,
    HostCode,
    LinkKind,
    NotTranslated,
    SyscallHit,
)
from dbt.ir.block import BlockKey
from dbt.ir.parser import parse_blocks


class ChainingContract(Contract):
    """How blocks run on into each other."""

    PAIR = """
        block 0x8000 {
          insn 0x8000 4
          %0:i32 = get r0
          %1:i32 = sub %0, 0x1
          set r0 %1
          %2:i1 = eq %1, 0x0
          branch %2, 0x8100, 0x8004
        }
        block 0x8004 {
          insn 0x8004 4
          goto 0x8000
        }
        block 0x8100 {
          insn 0x8100 4
          swi 0x0, 0x8104
        }"""

    @pytest.mark.parametrize(
        ("rules", "expected"),
        [
            (ALL, {"unlinked": 3, "syscall": 1}),
            (DIRECT, {"unlinked": 3, "syscall": 1}),
            (OFF, {"unlinked": 19, "syscall": 1}),
            (Rules(denied=frozenset({0x8004})), {"denied": 9, "unlinked": 2, "syscall": 1}),
            (Rules(OFF.kinds, frozenset({0x8004})), {"denied": 9, "unlinked": 10, "syscall": 1}),
        ],
    )
    def test_direct_edges_are_counted(
        self, rig: Rig, rules: Rules, expected: dict[str, int]
    ) -> None:
        self.install(rig, self.PAIR)
        rig.executor.apply(rules)
        rig.state.set("r0", 10)
        rig.executor.fuel = 100
        assert rig.executor.run(BlockKey(START)) == SyscallHit(0, BlockKey(0x8104))
        assert rig.reasons() == expected
        assert rig.executor.fuel == 100 - 20

    def test_a_link_made_after_a_translation_is_not_counted_twice(self, rig: Rig) -> None:
        program = {block.key: block for block in parse_blocks(self.PAIR)}
        rig.executor.apply(ALL)
        rig.state.set("r0", 10)
        assert rig.run_all(program, BlockKey(START)) == SyscallHit(0, BlockKey(0x8104))
        # the first entry, 8000 -> 8004, 8000 -> 8100; only 8004 -> 8000 finds its target
        assert rig.reasons() == {"not_translated": 3, "unlinked": 1, "syscall": 1}
        rig.state.set("r0", 10)
        rig.executor.run(BlockKey(START))
        assert rig.reasons() == {"not_translated": 3, "unlinked": 1, "syscall": 2}

    CALLS = """
        block 0x8000 {{
          insn 0x8000 4
          %0:i32 = get r0
          %1:i32 = sub %0, 0x1
          set r0 %1
          %2:i1 = eq %1, 0x0
          branch %2, 0x8100, 0x8004
        }}
        block 0x8004 {{
          insn 0x8004 4
          %0:i32 = get r1
          {exit}
        }}
        block 0x8100 {{
          insn 0x8100 4
          swi 0x0, 0x8104
        }}"""

    @pytest.mark.parametrize(
        ("exit_", "reason", "kind"),
        [
            ("jump %0", "indirect_miss", LinkKind.INDIRECT),
            ("call %0, link 0x8008", "indirect_miss", LinkKind.INDIRECT),
            ("return %0", "return_miss", LinkKind.RETURN),
        ],
    )
    def test_computed_edges_are_counted(
        self, rig: Rig, exit_: str, reason: str, kind: LinkKind
    ) -> None:
        self.install(rig, self.CALLS.format(exit=exit_))
        only = Rules(frozenset({LinkKind.DIRECT, kind}))
        others = Rules(frozenset(LinkKind) - {kind})
        denied = Rules(denied=frozenset({START}))
        runs = [(ALL, {}), (only, {}), (others, {reason: 9}), (denied, {"denied": 9})]
        rig.state.set("r1", START)
        rig.executor.apply(ALL)
        rig.state.set("r0", 3)
        rig.executor.run(BlockKey(START))
        for rules, expected in runs:
            rig.executor.apply(rules)
            before = rig.reasons()
            rig.state.set("r0", 10)
            assert rig.executor.run(BlockKey(START)) == SyscallHit(0, BlockKey(0x8104))
            after = rig.reasons()
            gained = {name: after[name] - before.get(name, 0) for name in after}
            assert {name: n for name, n in gained.items() if n} == {"syscall": 1, **expected}

    def test_computed_edge_to_a_new_block_is_followed(self, rig: Rig) -> None:
        program = {block.key: block for block in parse_blocks(self.CALLS.format(exit="return %0"))}
        rig.executor.apply(ALL)
        rig.state.set("r0", 5)
        rig.state.set("r1", START)
        assert isinstance(rig.run_all(program, BlockKey(START)), SyscallHit)
        assert rig.reasons() == {"not_translated": 3, "syscall": 1}

    def test_pcs_whose_denial_has_changed_are_enough(self, rig: Rig) -> None:
        self.install(rig, self.PAIR)
        rig.executor.apply(ALL)
        rig.executor.fuel = 1000
        denied = []
        for pcs in (frozenset(), frozenset({0x8004}), frozenset(), frozenset({0x8004})):
            rig.executor.apply(Rules(denied=pcs), {0x8004})
            before = rig.reasons().get("denied", 0)
            rig.state.set("r0", 4)
            rig.executor.run(BlockKey(START))
            denied.append(rig.reasons().get("denied", 0) - before)
        assert denied == [0, 3, 0, 3]

    def test_deny_and_allow_take_effect_on_made_links(self, rig: Rig) -> None:
        self.install(rig, self.PAIR)
        counts = []
        for rules in (ALL, ALL, Rules(denied=frozenset({0x8004})), ALL, ALL, OFF, ALL):
            rig.executor.apply(rules)
            before = rig.reasons()
            rig.state.set("r0", 4)
            rig.executor.run(BlockKey(START))
            after = rig.reasons()
            counts.append([after.get(n, 0) - before.get(n, 0) for n in ("unlinked", "denied")])
        # Edges: 8000->8004 and back three times each, then 8000->8100. A denial unlinks one edge.
        assert counts == [[3, 0], [0, 0], [0, 3], [1, 0], [0, 0], [7, 0], [3, 0]]

    def test_rules_change_in_the_middle_of_a_chained_loop(self, rig: Rig) -> None:
        self.install(
            rig,
            f"""
            block 0x8000 {{
              insn 0x8000 4
              %0:i32 = load {DATA + 4:#x}
              %1:i32 = add %0, 0x1
              store {DATA + 4:#x}, %1
              %2:i32 = load {DATA:#x}
              %3:i1 = ne %2, 0x0
              branch %3, 0x8100, 0x8000
            }}
            block 0x8100 {{
              insn 0x8100 4
              swi 0x0, 0x8104
            }}""",
        )
        rig.executor.apply(ALL)
        thread = threading.Thread(target=self.run_in_slices, args=(rig,), daemon=True)
        thread.start()
        self.wait_for_turns(rig)
        rig.executor.apply(Rules(denied=frozenset({START})))
        self.wait_for_turns(rig)
        rig.executor.apply(ALL)
        self.wait_for_turns(rig)
        rig.memory.poke(DATA, b"\1")
        thread.join(self.live_seconds)
        assert not thread.is_alive(), "the loop saw the flag"
        turns = rig.memory.load(DATA + 4, 4)
        reasons = rig.reasons()
        assert 0 < reasons["denied"] < turns
        assert reasons["unlinked"] == 3
        assert reasons["syscall"] == 1

    def run_in_slices(self, rig: Rig) -> None:
        """Run from START on until something else than fuel ends it."""
        event: object = FuelOut(BlockKey(START))
        while isinstance(event, FuelOut):
            rig.executor.fuel = 1 << 20
            event = rig.executor.run(event.key)

    def wait_for_turns(self, rig: Rig) -> None:
        """Until the loop of the test above has gone round a few more times."""
        deadline = time.monotonic() + self.live_seconds
        start = int.from_bytes(rig.memory.peek(DATA + 4, 4), "little")
        while int.from_bytes(rig.memory.peek(DATA + 4, 4), "little") - start < 100:
            assert time.monotonic() < deadline, "the loop does not run"
            time.sleep(0.001)

    @pytest.mark.parametrize("gone", [START, 0x8004])
    def test_discard_unlinks_and_asks_for_the_block_again(self, rig: Rig, gone: int) -> None:
        program = {block.key: block for block in parse_blocks(self.PAIR)}
        rig.executor.apply(ALL)
        rig.state.set("r0", 10)
        rig.run_all(program, BlockKey(START))
        rig.executor.discard([BlockKey(gone), BlockKey(0x12340)])
        assert set(rig.executor.index) == program.keys() - {BlockKey(gone)}
        rig.state.set("r0", 10)
        before = rig.reasons()
        event = rig.executor.run(BlockKey(START))
        assert event == NotTranslated(BlockKey(gone))
        assert rig.state.get("pc") == gone
        rig.install(program[BlockKey(gone)])
        assert rig.executor.run(BlockKey(gone)) == SyscallHit(0, BlockKey(0x8104))
        assert rig.state.get("r0") == 0
        after = rig.reasons()
        assert after["not_translated"] == before["not_translated"] + 1
        # Every edge into and out of the block that went is made anew, but for the one that waited.
        assert after["unlinked"] == before["unlinked"] + (3 if gone == START else 1)

    def test_a_block_installed_again_replaces_the_old_one(self, rig: Rig) -> None:
        self.install(rig, self.PAIR)
        rig.executor.apply(ALL)
        rig.state.set("r0", 3)
        rig.executor.run(BlockKey(START))
        self.install(rig, "block 0x8004 {\n insn 0x8004 4\n set r5 0x2a\n halt done 0x8004\n}")
        rig.state.set("r0", 3)
        assert rig.executor.run(BlockKey(START)) == HaltHit("done", 0x8004)
        assert rig.state.get("r5") == 0x2A
        assert len(rig.executor.index) == 3

    def test_run_of_an_unknown_key_asks_for_it(self, rig: Rig) -> None:
        assert rig.executor.run(BlockKey(0x9000, 0x100)) == NotTranslated(BlockKey(0x9000, 0x100))
        assert rig.reasons() == {"not_translated": 1}

    def test_explain_and_statistics_tell_something(self, rig: Rig) -> None:
        self.install(rig, self.PAIR)
        rig.state.set("r0", 3)
        rig.executor.run(BlockKey(START))
        assert all(isinstance(text, str) for text in rig.executor.explain(BlockKey(START)).values())
        assert any(rig.executor.statistics().values())

    def test_all_host_code_is_reported(self, rig: Rig) -> None:
        reported: list[HostCode] = []
        self.install(rig, self.PAIR)
        rig.executor.follow_code(lambda code, since: reported.append(code))
        rig.state.set("r0", 3)
        rig.executor.run(BlockKey(START))
        there = list(rig.executor.code())
        assert all(code.size > 0 and code.address > 0 for code in there)
        assert all(code in reported for code in there)
        assert len({code.address for code in there}) == len(there)
