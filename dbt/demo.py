"""``armdbt demo``: the main job on a bundled program, in a few seconds, with nothing installed.

It intercepts the program's calls, returns and system calls, then runs it with chaining on, off and
denied for one function, and shows what that costs.
"""

import contextlib
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dbt import interruption
from dbt.data import DEMO
from dbt.files import write_json
from dbt.hooks import CallEvent, ReturnEvent, SyscallEvent
from dbt.interfaces import BackendOptions, Reason
from dbt.process import Process
from dbt.progress import Progress
from dbt.stops import Exited
from dbt.streams import plain_console

HOOKED = "helper"
ROUNDS = "20000000"
REPEATS = 3
WIDTH = 80
"""Columns of a table that goes to a file."""
CONFIGURATIONS = (
    ("everything", "all", ()),
    (f"not {HOOKED}", "all", (HOOKED,)),
    ("nothing", "off", ()),
)


@contextlib.contextmanager
def _stdout_to(path: str) -> Iterator[None]:
    """Send descriptor 1, which the guest writes to, into a file."""
    saved = os.dup(1)
    target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        os.dup2(target, 1)
        yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)
        os.close(target)


def watch(rounds: str) -> dict[str, Counter[str]]:
    """Run the program once with hooks; how many events of each kind, by name."""
    seen: dict[str, Counter[str]] = {
        "calls": Counter(),
        "returns": Counter(),
        "syscalls": Counter(),
    }

    def called(event: CallEvent) -> None:
        seen["calls"][event.symbol.partition("+")[0].partition(" ")[0]] += 1

    def returned(event: ReturnEvent) -> None:
        seen["returns"][event.symbol.partition("+")[0].partition(" ")[0]] += 1

    def system_call(event: SyscallEvent) -> None:
        seen["syscalls"][event.name] += 1

    with Process(DEMO, [rounds], env={}) as process:
        for function in (HOOKED, "fib"):
            process.hooks.on_call(function, called)
            process.hooks.on_return(function, returned)
        process.hooks.on_syscall(None, system_call)
        stop = process.run()
    if stop != Exited(0):
        raise RuntimeError(f"the demo program ended with {stop}")
    return seen


def measure(chain: str, denied: tuple[str, ...]) -> dict[str, Any]:
    """Run the program compiled, with one chain policy; the median time of some runs."""
    seconds = []
    stats: dict[str, Any] = {}
    for _ in range(REPEATS):
        options = BackendOptions(tier="2")
        with Process(DEMO, [ROUNDS], env={}, options=options, chain=chain) as process:
            process.chain.deny(*denied)
            start = time.perf_counter()
            process.run()
            seconds.append(time.perf_counter() - start)
            stats = process.stats()
    return {
        "seconds": statistics.median(seconds),
        "all_seconds": seconds,
        "instructions": stats["instructions"],
        "dispatches": stats["dispatches"],
    }


def run_demo(json_path: str | None) -> int:
    """Show it; the exit status. What was measured before an interruption is shown, too."""
    from rich.table import Table
    from rich.text import Text

    rows: dict[str, dict[str, Any]] = {}
    status = 0
    with tempfile.TemporaryDirectory() as directory, interruption.caught():
        output = os.path.join(directory, "out")
        with Progress("running the demo", 1 + len(CONFIGURATIONS)) as progress:
            with _stdout_to(output):
                seen = watch("1000")
            progress.advance()
            try:
                for label, chain, denied in CONFIGURATIONS:
                    with _stdout_to(output):
                        rows[label] = measure(chain, denied)
                    progress.advance()
            except KeyboardInterrupt as interrupted:
                status = interruption.status_of(interrupted)
        printed = Path(output).read_text()
    if json_path:
        write_json(json_path, {"events": seen, "runs": rows})
    console = plain_console(sys.stdout, WIDTH)
    console.print(Text.assemble(("demo.elf", "bold"), f" printed: {printed.splitlines()[-1]!r}"))
    events = Table("intercepted", "name", "events", title="Hooks from Python")
    for kind, counter in seen.items():
        for name, count in counter.most_common():
            events.add_row(kind, name, str(count))
    console.print(events)
    table = Table(
        "chained", "seconds", "slow-down", "instructions", "dispatches", "denied",
        title="The same run, three chain policies (compiled blocks, median of 3)",
    )  # fmt: skip
    base = rows["everything"]["seconds"] if rows else 0.0
    for label, row in rows.items():
        table.add_row(
            label,
            f"{row['seconds']:.3f}",
            f"{row['seconds'] / base:.2f}",
            f"{row['instructions']:,}",
            f"{sum(row['dispatches'].values()):,}",
            f"{row['dispatches'].get(Reason.DENIED.value, 0):,}",
        )
    if rows:
        console.print(table)
    return status
