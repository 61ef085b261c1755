"""What is gathered of a run for its report, and the content of the page."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dbt import __version__
from dbt.hooks.follow.summing import Summing
from dbt.instrument.block_count import PREFIX
from dbt.interruption import name_of
from dbt.process.ending import describe_stop
from dbt.report import sections
from dbt.report.blocks import BlockCounts, HotBlock, hot_blocks
from dbt.report.calls import MOST_PATHS, Calls
from dbt.report.syscalls import SyscallTimes
from dbt.stops import Exited, Stop
from dbt.text import printable

if TYPE_CHECKING:
    from dbt.hooks.outputs import Program
    from dbt.process import Process


class Gathering:
    """Gathers from a process that has the pass ``block-count``. Make it before whatever else hooks
    system calls, ``begin`` after that; ``end`` when the run is over, then ask for the ``content``.
    """

    def __init__(self, process: "Process", program: "Program") -> None:
        self._process, self._program = process, program
        self._calls = Calls(program)
        executed, executor = process.engine.executed, process.engine.executor
        self.sums = Summing(executor, executed, most_paths=MOST_PATHS, seen=self._calls.seen)
        """What adds up the calls."""
        self._syscalls = SyscallTimes(process)
        self._counts = BlockCounts(process)
        self._begun = time.time()

    def begin(self, stop_recording: Callable[[], None]) -> None:
        """Everything is watched now. ``stop_recording`` ends the recording that ``sums`` reads."""
        self._stop_recording = stop_recording
        self._syscalls.begin()

    def end(self, stop: Stop | KeyboardInterrupt) -> None:
        """The run is over."""
        self._stop = stop
        self._stats = self._process.stats()
        self._stop_recording()
        self.sums.finish(self._process.engine.executed)
        self._calls.take(self.sums)

    def content(self, most_blocks: int) -> dict[str, Any]:
        """What the page shows. The process must not be closed yet."""
        process, stats = self._process, self._stats
        counts, flame = self._counts(), self._calls.flame()
        blocks = hot_blocks(process, counts, most_blocks)
        end, last_words = self._end_in_words()
        command = [printable(word) for word in self._program.command]
        facts = [
            ("guest instructions", f"{stats['instructions']:,}"),
            ("blocks executed", f"{counts.total():,}"),
            ("functions called", f"{len(self._calls.places):,}"),
            ("system calls", f"{sum(stats['syscalls'].values()):,}"),
            ("time", sections.seconds(1e9 * stats["seconds"]["all"]).text),
            ("began", time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(self._begun))),
            ("machine", sections.host()),
        ]
        return {
            "title": " ".join(command),
            "end": end,
            "last_words": last_words,
            "facts": facts,
            "version": __version__,
            "profile": sections.profile(self._calls),
            "flame_note": sections.flame_note(flame),
            "hot": _hot(blocks, stats["instructions"]),
            "blocks": blocks,
            "syscalls": sections.syscalls(self._syscalls),
            "longest": sections.longest_syscalls(self._syscalls),
            "chaining": sections.chaining(stats),
            "phases": sections.phases(stats),
            "unsupported": sections.unsupported(process, self._syscalls),
            "injected": sections.injected(process),
            "figures": sections.figures(stats),
            "counters": sections.counters(self._counters(), process),
            "data": {
                "flame": sections.flame(flame, self._calls.total),
                "graph": sections.graph(self._calls),
            },
        }

    def _end_in_words(self) -> tuple[str, str]:
        """How the run ended, and what armdbt says of it."""
        stop = self._stop
        if isinstance(stop, KeyboardInterrupt):
            return f"Interrupted by {name_of(stop)}; this is what there was until then.", ""
        text, status = describe_stop(self._process, stop)
        text = "\n".join(map(printable, text.splitlines()))
        if isinstance(stop, Exited):
            return f"Exited with status {status}.", text
        return f"{type(stop).__name__}: the status is {status}.", text

    def _counters(self) -> dict[str, int]:
        """Counters of other passes than the report's own."""
        found = self._process.counters.snapshot().items()
        return {name: count for name, count in found if not name.startswith(PREFIX)}


def _hot(blocks: list[HotBlock], total: int) -> sections.Table:
    """A row for each hot block."""
    rows: list[list[sections.Cell]] = []
    for rank, block in enumerate(blocks, 1):
        executed = block.runs * block.insns
        rows.append(
            [
                sections.whole(rank),
                block.name,
                f"{block.location:#x}",
                sections.whole(block.runs),
                sections.whole(block.insns),
                sections.whole(executed),
                sections.share(executed, total),
            ]
        )
    columns = ("rank", "block", "location", "runs", "instructions", "executed", "share")
    return sections.Table("hot", columns, rows, 5, bars=6)
