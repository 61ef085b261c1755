"""The record for people: processes, files, pipes, the console's transcript, calls."""

import itertools
import os
import shlex
import signal
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from dbt.files import standard_or_file, writing
from dbt.spy import summary
from dbt.spy.events import Event
from dbt.spy.summary import Activation, Failure, File, Flow, Life, Stream
from dbt.streams import plain_console
from dbt.text import NAME, printable

WIDTH = 120
PREVIEW = 40
"""Bytes of a pipe's data that are shown."""
DIGEST = 16
"""Hexadecimal digits of a SHA-256 that are shown."""
MOST = 200
"""Rows of a table, and calls of a process, that are shown."""

Rows = Iterator[tuple[object, ...]]


def print_report(events: Sequence[Event], out: IO[str]) -> None:
    """Write the report on a record (events in the order of the clock)."""
    console = plain_console(out, WIDTH)
    _heading(console, events)
    for root in summary.processes(events):
        console.print(_process(root))
    files = _files(summary.files(events))
    _section(console, "Files", "path opened mapped by read sha256 written sha256", files)
    _section(console, "Changes of names and files", "by what path result", _operations(events))
    failures = _failures(summary.failures(events))
    _section(console, "Failed", "path times by error", failures)
    flows = _flows(summary.flows(events))
    _section(console, "Pipes and sockets", "which|written by|read by|data", flows)
    _section(console, "Connections", "by what address result", _connections(events))
    _section(console, "Console", "by stream text", _transcript(events))
    _calls(console, summary.calls(events))


def write_report(events: Sequence[Event], path: str | None) -> None:
    """The report into a file; ``-`` is standard output, None standard error. Raises UsageError."""
    with standard_or_file(path) as out, writing(path or "standard error"):
        print_report(events, out)


def shown(data: bytes, size: int) -> str:
    """Bytes as text, with how many are missing of ``size``."""
    text = printable(data)
    return text if len(data) == size else f"{text} … {size - len(data)} more"


def _section(console: Console, title: str, columns: str, rows: Rows) -> None:
    """A table with its title, unless it is empty."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns.split("|" if "|" in columns else None):
        number = column in ("opened", "mapped", "read", "written", "times")
        table.add_column(column, justify="right" if number else "left", overflow="fold")
    for cells in itertools.islice(rows, MOST):
        table.add_row(*(Text(printable(str(cell))) for cell in cells))
    if table.row_count:
        console.print()
        console.print(Text(title, "bold"))
        console.print(table)
    more = sum(1 for _ in rows)
    if more:
        console.print(Text(f"… {more} more: the record has all"))


# -- the sections ----------------------------------------------------------------------------------


def _heading(console: Console, events: Sequence[Event]) -> None:
    begin = next((event for event in events if event.kind == "begin"), None)
    if begin is not None:
        console.print(Text(printable(shlex.join(begin["argv"])), "bold"))
        about = f"{begin['program']}, {begin['started']}, {len(events)} events"
        console.print(Text(printable(about)))
    console.print()


def _process(life: Life) -> Tree:
    tree = Tree(Text(_life(life)))
    pending = [(tree, child) for child in reversed(life.children)]
    while pending:
        parent, child = pending.pop()
        branch = parent.add(Text(_life(child)))
        pending += [(branch, grandchild) for grandchild in reversed(child.children)]
    return tree


def _life(life: Life) -> str:
    programs = " → ".join(shlex.join(argv) for argv in life.programs)
    end = life.end or "still running"
    number = life.end.removeprefix("signal ")
    if number != life.end and number.isdigit():
        end = f"killed by {_signal(int(number))}"
    return printable(f"{life.pid} {programs or f'({life.name}, forked)'}: {end}")


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _files(files: Iterable[File]) -> Rows:
    for file in files:
        path = file.path + ("/" if file.what == "directory" and file.path != "/" else "")
        sides = (*_side(file.read.values()), *_side(file.written.values()))
        yield path, file.opened or "", file.mapped or "", _pids(file.by), *sides


def _side(streams: Iterable[Stream]) -> tuple[object, str]:
    """Bytes and digest; the digest only when all opens of the file moved the same bytes."""
    moved = list(streams)
    digests = {stream.digest for stream in moved if stream.size}
    size = sum(stream.size for stream in moved)
    return (size if moved else "", digests.pop()[:DIGEST] if len(digests) == 1 else "")


def _operations(events: Iterable[Event]) -> Rows:
    for event in events:
        if event.kind == "file":
            target = event["to"] or event["link"]
            path = event["path"] + (f" → {target}" if target else "")
            yield summary.title(event), _operation(event), path, event["error"] or "done"


def _operation(event: Event) -> str:
    mode = f" {event['mode']:o}" if event["mode"] is not None else ""
    size = f" to {event['size']}" if event["size"] is not None else ""
    owner = f" {event['owner']}" if event["owner"] else ""
    return str(event["op"]) + mode + size + owner


def _failures(failures: Iterable[Failure]) -> Rows:
    for failure in failures:
        yield failure.what, failure.count, _pids(failure.by), failure.error


def _pids(pids: Iterable[int]) -> str:
    return " ".join(map(str, sorted(pids)))


def _flows(flows: Iterable[Flow]) -> Rows:
    for flow in flows:
        source = flow.written if flow.written.size else flow.read
        data = source.beginning[:PREVIEW]
        yield flow.name, _shares(flow.written), _shares(flow.read), shown(data, source.size)


def _shares(stream: Stream) -> str:
    return ", ".join(f"{who}: {size}" for who, size in stream.by.items()) or "nobody"


def _connections(events: Iterable[Event]) -> Rows:
    for event in events:
        if event.kind == "socket":
            what = f"{event['op']} {event['how'] or ''}".rstrip()
            result = event["error"] or "done"
            yield summary.title(event), what, event["address"] or "", result


def _transcript(events: Iterable[Event]) -> Rows:
    """One row per line of text; what one process writes piece by piece is put together."""
    consoles = (event for event in events if event["what"] == "console" and event["size"])
    moved = (event for event in consoles if event.kind in ("read", "write") and not event["peek"])
    for key, pieces in itertools.groupby(moved, lambda e: (summary.title(e), _stream(e))):
        for index, line in enumerate(_lines(pieces)):
            yield *(key if index == 0 else ("", "")), line


def _lines(pieces: Iterable[Event]) -> Iterator[str]:
    """Lines of text. Where bytes were not kept one ends, too: what comes next did not follow it."""
    kept: list[bytes] = []
    for event in pieces:
        data = event["data"] or b""
        kept.append(data)
        missing = event["size"] - len(data)
        if missing:
            yield from _split(kept)
            yield f"… {missing} more bytes"
            kept.clear()
    yield from _split(kept)


def _split(kept: Iterable[bytes]) -> Iterator[str]:
    return (shown(line, len(line)) for line in b"".join(kept).splitlines())


def _stream(event: Event) -> str:
    return f"{'<' if event.kind == 'read' else '>'} {os.path.basename(event['path'] or '')}"


def _calls(console: Console, calls: dict[str, list[Activation]]) -> None:
    for who, outermost in calls.items():
        console.print()
        console.print(Text(printable(f"Calls in {who}"), "bold"))
        # A call begun before a fork is placed by its depth. On several stacks depths do not nest.
        several = any(node.stack_id for node in outermost)
        pending = [(0 if several else node.depth, node) for node in reversed(outermost)]
        for _ in range(MOST):
            if not pending:
                break
            level, node = pending.pop()
            prefix = "" if level else _coroutine(node)
            console.print(Text(printable("  " * level + prefix + _call(node))), soft_wrap=True)
            pending += [(level + 1, inner) for inner in reversed(node.inner)]
        if pending:
            console.print(Text(f"… more than {MOST}: the record has all"))


def _coroutine(node: Activation) -> str:
    return f"coroutine {node.stack_id}: " if node.stack_id else ""


def _call(node: Activation) -> str:
    words = "…" if node.arguments is None else ", ".join(f"{word:#x}" for word in node.arguments)
    result = "(did not return)" if node.result is None else f"= {node.result:#x}"
    return f"{'→ ' if node.tail else ''}{printable(node.symbol, NAME)}({words}) {result}"
