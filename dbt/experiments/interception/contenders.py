"""The contenders of the interception laboratory: mechanisms of ours and peers, alike to use."""

import functools
import hashlib
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import TypeAlias

import attrs

from dbt.experiments.harness.guest_run import Program, Setting, run_once
from dbt.experiments.peers import Image, load_image, qemu, unicorn
from dbt.hooks.records import Record
from dbt.instrument.block_count import PREFIX, BlockCount
from dbt.process import Process
from dbt.stops import UsageError

Sink = Callable[[Record], None]

NOTHING = "none"
"""The contender that watches nothing: there is one in each group, which the others of the group are
compared with."""
PEER_TIMEOUT = 600.0
"""Seconds after which a run of a peer is stopped."""
OUTSIDE = frozenset({"syscall", "fault", "invalidation", "budget"})
"""Reasons to return to the dispatcher that have nothing to do with edges. (A trap's breakpoint is a
``halt``.)"""


@attrs.frozen
class Observed:
    """What one watched run showed. Seconds are processor time without start-up; qemu-arm's contain
    it."""

    seconds: float
    stop: str
    output: str
    """SHA-256."""
    instructions: int | None = None
    dispatches: Mapping[str, int] = attrs.field(factory=dict)
    translated: int | None = None
    """Translations of blocks; a block that is translated again counts again."""
    code_bytes: int | None = None
    """Bytes of machine code."""
    unsupported: tuple[str, ...] = ()

    def agrees(self, other: "Observed") -> bool:
        """Whether the guest has behaved the same. Instructions are compared where both runs have
        counted them."""
        if (self.stop, self.output) != (other.stop, other.output):
            return False
        return None in (self.instructions, other.instructions) or (
            self.instructions == other.instructions
        )


@attrs.frozen
class Ours:
    """A mechanism of ours (``dbt.hooks.mechanisms.NAMES``) in one tier."""

    name: str
    tier: str = "2"
    calls_only: bool = False
    """True when it reports no system calls."""
    values: bool = True
    """False when its arguments and results cannot be compared with ours."""

    @property
    def group(self) -> str:
        """The name of the contenders that it is compared with."""
        return f"armdbt tier {self.tier}"

    def watch(
        self,
        program: Program,
        functions: Mapping[int, str],
        sink: Sink,
        timeout: float | None = None,
    ) -> Observed:
        """Run the program to its end, or for ``timeout`` seconds, and call ``sink`` with the events
        of the functions and the system calls.

        Raises UsageError when this mechanism cannot watch the program.
        """
        figures: dict[str, int] = {}
        outcome = run_once(
            program,
            Setting(tier=self.tier),
            prepare=self._tracing(functions, sink),
            finish=lambda process: figures.update(process.stats()["backend"]),
            timeout=timeout,
        )
        return Observed(
            outcome.seconds,
            outcome.stop,
            outcome.output,
            outcome.instructions,
            outcome.dispatches,
            outcome.blocks,
            sum(figures.get(f"{kind}_bytes", 0) for kind in ("copied", "code")),
        )

    def chained_share(self, program: Program, functions: Mapping[int, str]) -> float:
        """The share of entries into blocks that did not go through the dispatcher. It is counted in
        a run of its own, in tier 0, with a counter in every block."""
        entries = 0

        def finish(process: Process) -> None:
            nonlocal entries
            entries = sum(process.counters.snapshot(PREFIX).values())

        outcome = run_once(
            program,
            Setting(tier="0"),
            passes=[BlockCount()],
            prepare=self._tracing(functions, lambda _: None),
            finish=finish,
        )
        returns = sum(n for reason, n in outcome.dispatches.items() if reason not in OUTSIDE)
        return max(0.0, 1 - returns / max(entries, 1))

    def _tracing(self, functions: Iterable[int], sink: Sink) -> Callable[[Process], object]:
        def trace(process: Process) -> None:
            for pc in functions:  # symbols are read at their first use, which must not be timed
                process.symbolize(pc)
            if self.name != NOTHING:
                process.hooks.trace(functions, sink, mechanism=self.name)

        return trace


@functools.lru_cache(maxsize=1)
def _image(program: Program) -> Image:
    return load_image(program)


@attrs.frozen
class Peer:
    """Another translator, watched in one of its modes."""

    group: str
    """The translator: one of PEERS."""
    mode: str
    calls_only: bool = True

    @property
    def values(self) -> bool:
        """Whether arguments and results can be compared with ours."""
        return bool(PEERS[self.group].VALUES)

    @property
    def name(self) -> str:
        """The name of its mode."""
        return self.mode

    def watch(
        self,
        program: Program,
        functions: Mapping[int, str],
        sink: Sink,
        timeout: float | None = None,
    ) -> Observed:
        """Run the program to its end, or for ``timeout`` seconds, and call ``sink`` with the events
        of the functions."""
        limit = timeout or PEER_TIMEOUT
        seen = PEERS[self.group].watch(_image(program), self.mode, functions, sink, limit)
        output = hashlib.sha256(seen.output).hexdigest()
        stop = f"Exited(status={seen.status})" if seen.status is not None else "not ended"
        return Observed(seen.seconds, stop, output, unsupported=seen.unsupported)


Contender: TypeAlias = Ours | Peer

PEERS: Mapping[str, ModuleType] = {module.NAME: module for module in (unicorn, qemu)}


def mechanisms(names: Iterable[str] | None, tier: str) -> list[Ours]:
    """The mechanisms of these names, or all, behind the contender that watches nothing. Raises
    UsageError for an unknown name."""
    from dbt.hooks.mechanisms import NAMES

    wanted = list(NAMES if names is None else names)
    for name in wanted:
        if name not in NAMES:
            raise UsageError(f"mechanisms are {', '.join(NAMES)}, not {name!r}")
    return [Ours(name, tier) for name in (NOTHING, *wanted)]


def peers() -> tuple[list[Peer], list[str]]:
    """The peers that can run here in each of their modes, and the reasons why others cannot."""
    found: list[Peer] = []
    missing = []
    for name, module in PEERS.items():
        why = module.lacking()
        if why is None:
            found += [Peer(name, mode) for mode in module.MODES]
        else:
            missing.append(f"{name}: {why}")
    return found, missing
