"""The hot blocks of a run: how often each ran, and its code in the guest, as IR and on the host."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs

from dbt.hooks.outputs.base import clean
from dbt.instrument.block_count import PREFIX
from dbt.ir.block import CONDITION_PASSED, HOOK_CONDITION_PASSED, SP_STEP, BlockKey
from dbt.ir.ops import INSN
from dbt.stops import GuestFault, UsageError
from dbt.text import printable

if TYPE_CHECKING:
    from dbt.process import Process

MOST_LINES = 400
"""Lines of one text; a region of many blocks has thousands."""
_HOST = ("out_asm", "copied")
"""Stages that are host code: of what was compiled, and of what was copied."""


@attrs.frozen
class HotBlock:
    """A block that ran ``runs`` times. The texts are empty, and ``why_not`` says why, where it
    cannot be shown any more. ``made`` is the stage that its host code is from."""

    location: int
    name: str
    runs: int
    insns: int = 0
    guest: str = ""
    ir: str = ""
    host: str = ""
    made: str = ""
    why_not: str = ""


class BlockCounts:
    """The counters of the pass ``block-count``, from the last execve on: blocks of the program
    before have the same addresses."""

    def __init__(self, process: "Process") -> None:
        self._process = process
        self._before: dict[str, int] = {}
        process.hooks.on_program(self._new_program)

    def _new_program(self) -> None:
        self._before = self._process.counters.snapshot(PREFIX)

    def __call__(self) -> Counter[int]:
        """How often the blocks at each location ran.

        A block that a hook is in front of counts where it goes on behind the hook. The second part
        of a conditional exit is no block of its own.
        """
        now = self._process.counters.snapshot(PREFIX)
        counts: Counter[int] = Counter()
        for name, count in now.items():
            key = _key(name.removeprefix(PREFIX))
            if (count := count - self._before.get(name, 0)) and not key.mode & _PARTS:
                counts[self._process.location_of(key)] += count
        return counts


_PARTS = CONDITION_PASSED | HOOK_CONDITION_PASSED | SP_STEP


def _key(text: str) -> BlockKey:
    pc, _, mode = text.partition("@")
    return BlockKey(int(pc, 16), int(mode or "0", 16))


def hot_blocks(process: "Process", counts: Counter[int], most: int) -> list[HotBlock]:
    """So many of the blocks in which most instructions were executed, that with most of them first.
    Remove hooks and recordings before: they change blocks."""
    longest = process.frontend.max_insns
    found: list[tuple[int, int, int]] = []
    least = 0
    for location, runs in counts.most_common(_CANDIDATES):
        if runs * longest <= least:
            break
        found.append((runs * _size(process, location), runs, location))
        found.sort(reverse=True)
        del found[most:]
        least = found[-1][0] if len(found) == most else 0
    return [_block(process, location, runs) for _, runs, location in found]


_CANDIDATES = 2000
"""Blocks whose instructions are counted. What comes behind them runs seldom."""


def _size(process: "Process", location: int) -> int:
    """The instructions of a block, 1 where it is no longer there."""
    try:
        block = process.frontend.lift(process.memory, process.key_of(location))
    except GuestFault:
        return 1
    return sum(inst.op is INSN for inst in block.insts)


def _block(process: "Process", location: int, runs: int) -> HotBlock:
    name = clean(process.symbolize(process.key_of(location).pc))
    try:
        texts = process.explain(location)
    except UsageError as error:
        return HotBlock(
            location, name, runs, why_not=f"It cannot be shown: {printable(str(error))}."
        )
    made = next((stage for stage in _HOST if texts.get(stage)), "")
    return HotBlock(
        location,
        name,
        runs,
        _size(process, location),
        _lines(texts["in_asm"]),
        _lines(texts.get("ir_opt") or texts["ir"]),
        _lines(_host(texts, made)),
        made,
    )


def _host(texts: Mapping[str, str], made: str) -> str:
    return texts[made] if made else "(this backend makes no host code)"


def _lines(text: str) -> str:
    """The first lines of a text, each printable."""
    lines = text.expandtabs().rstrip().splitlines()
    more = len(lines) - MOST_LINES
    shown = [printable(line) for line in lines[:MOST_LINES]]
    return "\n".join([*shown, f"… {more} more lines"] if more > 0 else shown)
