"""Watched pcs: whoever arrives there comes back first, by whatever edge."""

import pytest
from support.contract import Contract
from support.contract.chaining import ChainingContract
from support.rig import ALL, OFF, START, Rig, Rules

from dbt.interfaces import NotTranslated, SyscallHit, WatchHit
from dbt.ir.block import HOOKED, BlockKey

OTHER = BlockKey(0x8004)


def hits_at_other(rig: Rig) -> int:
    """Run ``ChainingContract.PAIR`` five rounds long; how often OTHER is reported."""
    rig.state.set("r0", 5)
    rig.executor.fuel = 1000
    key, seen = BlockKey(START), 0
    while rig.executor.run(key) == WatchHit(OTHER):
        seen, key = seen + 1, OTHER
    return seen


class WatchingContract(Contract):
    """``Executor.watch``."""

    @pytest.mark.parametrize("rules", [ALL, OFF, Rules(denied=frozenset({0x8004}))])
    def test_every_entry_by_a_direct_edge_comes_back(self, rig: Rig, rules: Rules) -> None:
        self.install(rig, ChainingContract.PAIR)
        rig.executor.apply(rules)
        rig.executor.watch([0x8004])
        rig.state.set("r0", 10)
        rig.executor.fuel = 100
        key, hits = BlockKey(START), 0
        while (event := rig.executor.run(key)) == WatchHit(OTHER):
            assert rig.state.get("pc") == 0x8004
            hits, key = hits + 1, OTHER
        assert event == SyscallHit(0, BlockKey(0x8104))
        assert hits == 9
        assert rig.reasons()["denied"] == 9
        assert rig.executor.fuel == 100 - 20

    @pytest.mark.parametrize("exit_", ["jump %0", "call %0, link 0x8008", "return %0"])
    @pytest.mark.parametrize("rules", [ALL, OFF])
    def test_so_does_every_entry_by_a_computed_one(
        self, rig: Rig, rules: Rules, exit_: str
    ) -> None:
        self.install(rig, ChainingContract.CALLS.format(exit=exit_))
        rig.executor.apply(rules)
        rig.executor.watch([START])
        rig.state.set("r0", 3)
        rig.state.set("r1", START)
        rig.executor.fuel = 100
        hits = 0
        while (event := rig.executor.run(BlockKey(START))) == WatchHit(BlockKey(START)):
            hits += 1
        assert event == SyscallHit(0, BlockKey(0x8104))
        assert hits == 2
        assert rig.reasons()["denied"] == 2

    def test_watching_takes_effect_in_a_chained_loop_and_ends_again(self, rig: Rig) -> None:
        self.install(rig, ChainingContract.PAIR)
        rig.executor.apply(ALL)
        rig.state.set("r0", 5)
        rig.executor.fuel = 9
        rig.executor.run(BlockKey(START))  # out of fuel; the loop is linked
        rig.executor.watch([0x8004])
        rig.state.set("r0", 5)
        rig.executor.fuel = 100
        assert rig.executor.run(BlockKey(START)) == WatchHit(OTHER)
        rig.executor.watch([])
        assert rig.executor.run(OTHER) == SyscallHit(0, BlockKey(0x8104))

    def test_pcs_that_have_changed_are_enough(self, rig: Rig) -> None:
        self.install(rig, ChainingContract.PAIR)
        watched = {0x9000}
        rig.executor.watch(watched)
        for change, hits in ((watched.add, 4), (watched.discard, 0), (watched.add, 4)):
            change(0x8004)
            rig.executor.watch(watched, {0x8004})
            assert hits_at_other(rig) == hits

    def test_blocks_whose_hook_has_run_are_not_meant(self, rig: Rig) -> None:
        self.install(
            rig,
            """
            block 0x8000 {
              insn 0x8000 4
              goto 0x8004@0x2
            }
            block 0x8004@0x2 {
              insn 0x8004 4
              swi 0x0, 0x8008
            }""",
        )
        assert BlockKey(0x8004, HOOKED) in rig.executor.index
        rig.executor.watch([0x8004])
        rig.executor.fuel = 100
        assert rig.executor.run(BlockKey(START)) == SyscallHit(0, BlockKey(0x8008))

    def test_what_is_not_translated_is_said_first(self, rig: Rig) -> None:
        self.install(rig, "block 0x8000 {\n insn 0x8000 4\n goto 0x8004\n}")
        rig.executor.watch([0x8004])
        rig.executor.fuel = 100
        assert rig.executor.run(BlockKey(START)) == NotTranslated(OTHER)


class ProbingContract(Contract):
    """``Executor.probe``: the same, with chaining as it is."""

    @pytest.mark.parametrize("rules", [ALL, OFF])
    def test_every_entry_comes_back_and_links_stay(self, rig: Rig, rules: Rules) -> None:
        rig.executor.probe([])
        self.install(rig, ChainingContract.PAIR)
        rig.executor.apply(rules)
        rig.executor.probe([0x8004])
        rig.state.set("r0", 10)
        rig.executor.fuel = 100
        key, hits = BlockKey(START), 0
        while (event := rig.executor.run(key)) == WatchHit(OTHER):
            assert rig.state.get("pc") == 0x8004
            hits, key = hits + 1, OTHER
        assert event == SyscallHit(0, BlockKey(0x8104))
        assert hits == 9
        assert rig.reasons()["hook"] == 9
        assert rig.reasons()["unlinked"] == (3 if rules is ALL else 19)
        assert rig.executor.fuel == 100 - 20

    def test_pcs_that_have_changed_are_enough(self, rig: Rig) -> None:
        probed = {0x9000}
        rig.executor.probe(probed)
        self.install(rig, ChainingContract.PAIR)
        for change, hits in ((probed.add, 4), (probed.discard, 0)):
            change(0x8004)
            rig.executor.probe(probed, {0x8004})
            assert hits_at_other(rig) == hits

    @pytest.mark.parametrize("exit_", ["jump %0", "call %0, link 0x8008", "return %0"])
    def test_so_does_every_entry_by_a_computed_edge(self, rig: Rig, exit_: str) -> None:
        rig.executor.probe([START])
        self.install(rig, ChainingContract.CALLS.format(exit=exit_))
        rig.executor.apply(ALL)
        rig.state.set("r0", 3)
        rig.state.set("r1", START)
        rig.executor.fuel = 100
        hits = 0
        while (event := rig.executor.run(BlockKey(START))) == WatchHit(BlockKey(START)):
            hits += 1
        assert event == SyscallHit(0, BlockKey(0x8104))
        assert hits == 2

    def test_nothing_comes_back_when_nothing_is_looked_for(self, rig: Rig) -> None:
        rig.executor.probe([0x8004])
        self.install(rig, ChainingContract.PAIR)
        rig.executor.probe(None)
        rig.state.set("r0", 10)
        rig.executor.fuel = 100
        assert rig.executor.run(BlockKey(START)) == SyscallHit(0, BlockKey(0x8104))
