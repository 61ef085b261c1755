"""Random programs of calls, throws and changes of stack: the mechanisms that see all of it against
ground truth."""

import functools
import random
from pathlib import Path

import pytest
from support.guests import branch_targets
from support.random_calls import build
from support.rotation import FULL, TURN

from dbt.experiments.truth.analysis import truth
from dbt.experiments.truth.compare import difference
from dbt.hooks.records import Kind, Record
from dbt.interfaces import BackendOptions
from dbt.process import Process
from dbt.stops import Exited

pytestmark = [
    pytest.mark.oracle,  # needs an assembler
    pytest.mark.rotates("chain"),
]

SEEDS = range(200) if FULL else range(TURN % 10 * 20, TURN % 10 * 20 + 20)
MECHANISMS = ["entry", "shadow"]
TIMEOUT = 60


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("random")


@functools.cache
def program(seed: int, home: Path) -> tuple[Path, list[Record]]:
    built = build(seed, home)
    return built, truth(str(built), timeout=TIMEOUT)


@pytest.mark.parametrize("chain", ["all", "off", "denied"])
@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("seed", SEEDS)
def test_events_are_the_true_ones(home: Path, seed: int, mechanism: str, chain: str) -> None:
    tier = "2" if (seed + len(chain)) % 4 == 0 else "0"
    path, true = program(seed, home)
    denied = chain == "denied"
    process = Process(
        str(path),
        env={},
        options=BackendOptions(tier=tier),
        chain="all" if denied else chain,
    )
    found: list[Record] = []
    try:
        if denied:
            targets = branch_targets(path)
            process.chain.deny(*random.Random(seed).sample(targets, len(targets) // 2))
        process.hooks.trace(None, found.append, mechanism=mechanism)
        assert isinstance(process.run(timeout=TIMEOUT), Exited)
    finally:
        process.close()
    told = difference(true, found)
    assert not told, told


def test_the_programs_do_what_they_are_for(home: Path) -> None:
    kinds = [record.kind for seed in SEEDS for record in program(seed, home)[1]]
    for kind in (Kind.CALL, Kind.RETURN, Kind.TAIL_CALL, Kind.SYSCALL):
        assert kinds.count(kind) > 300, kind
    assert kinds.count(Kind.UNWOUND) >= 10  # what the turn with the fewest has
