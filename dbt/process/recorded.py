"""What ``Process.record`` does: a recording of the hooks', and the arrays that are made of it."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from dbt import choices
from dbt.hooks.arrays import RecordedEvents
from dbt.hooks.arrays.recorded import Full
from dbt.hooks.outputs import Program
from dbt.linux.kernel import Kernel
from dbt.process.wiring import Parts


def record(
    parts: Parts,
    kernel: Kernel,
    command: tuple[str, ...],
    *,
    calls: Iterable[int | str] | int | str | bool,
    syscalls: bool,
    blocks: bool,
    memory: range | str | bool,
    access: str,
    most: int | None,
    on_full: Full | None,
) -> RecordedEvents:
    """Begin to record. Raises UsageError."""
    if most is not None:
        most = choices.whole("most", most, least=1)
    if on_full is not None:
        choices.function("on_full", on_full, "events")
    choices.truth("blocks", blocks)
    if isinstance(calls, bool):
        functions: Any = None if calls else ()
    else:
        functions = choices.several("calls", calls)
    executor, now = parts.engine.executor, partial(getattr, parts.machine, "insns")
    follow = calls is not False
    recording = parts.hooks.record(
        functions, syscalls=syscalls, follow=follow, blocks=blocks, memory=memory, access=access
    )
    symbolizer = kernel.symbolizer
    program = Program(
        command=command, images=partial(getattr, kernel, "images"), line=symbolizer.line
    )
    wanted = {
        "calls": follow,
        "syscalls": syscalls,
        "blocks": blocks,
        "memory": memory is not False,
    }
    recorded = tuple(name for name, is_wanted in wanted.items() if is_wanted)
    return RecordedEvents(
        recording, executor, program, now, symbolizer.lines_of_now, recorded,
        most=most, on_full=on_full,
    )  # fmt: skip
