"""The record for people: processes, files, pipes, the console's transcript, calls."""

import contextlib
import os
import shlex
import signal
import sys
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import IO

from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from dbt.hooks.outputs.destination import destination
from dbt.spy import summary
from dbt.spy.events import Event
from dbt.spy.summary import Activation, File, Flow, Life, Stream

WIDTH = 120
PREVIEW = 60
"""Bytes of a pipe's data that are shown."""
DIGEST = 16
"""Hexadecimal digits of a SHA-256 that are shown."""
MOST_CALLS = 200


def print_report(events: Sequence[Event], out: IO[str]) -> None:
    """Write the report on a record (events in the order of the clock)."""
    wide = None if out.isatty() else WIDTH
    console = Console(file=out, width=wide, highlight=False, markup=False, emoji=False)
    _heading(console, events)
    for root in summary.processes(events):
        console.print(_process(root))
    sections = (
        ("Files", _files(summary.files(events))),
        ("Changes of names and files", _operations(events)),
        ("Pipes and sockets", _flows(summary.flows(events))),
        ("Connections", _connections(events)),
        ("Console", _console(events)),
    )
    for name, table in sections:
        if table.row_count:
            console.print()
            console.print(Text(name, "bold"))
            console.print(table)
    _calls(console, summary.calls(events))


def write_report(events: Sequence[Event], path: str | None) -> None:
    """The report into a file; ``-`` is standard output, None standard error. Raises UsageError."""
    standard = contextlib.nullcontext(sys.stdout)
    where: AbstractContextManager[IO[str]] = standard if path == "-" else destination(path)
    with where as out:
        print_report(events, out)


def printable(text: str) -> str:
    """Text of the guest, with what could steer a terminal escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode()
                   for c in text)  # fmt: skip


def shown(data: bytes, size: int) -> str:
    """Bytes as text, with how many are missing of ``size``."""
    text = printable(data.decode(errors="backslashreplace"))
    return text if len(data) == size else f"{text} … {size - len(data)} more"


def _table(*columns: str, right: Iterable[str] = ()) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns:
        justify = "right" if column in right else "left"
        table.add_column(column, justify=justify, overflow="fold")  # type: ignore[arg-type]
    return table


def _row(table: Table, *cells: object) -> None:
    table.add_row(*(Text(printable(str(cell))) for cell in cells))


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


def _files(files: Sequence[File]) -> Table:
    table = _table(
        "path", "opened", "mapped", "by", "read", "sha256", "written", "sha256 ",
        right=("opened", "mapped", "read", "written"),
    )  # fmt: skip
    for file in files:
        path = file.path + ("/" if file.what == "directory" and file.path != "/" else "")
        by = " ".join(map(str, sorted(file.by)))
        sides = (*_side(file.read.values()), *_side(file.written.values()))
        _row(table, path, file.opened or "", file.mapped or "", by, *sides)
    return table


def _side(streams: Iterable[Stream]) -> tuple[object, str]:
    """Bytes and digest; the digest only when all opens of the file moved the same bytes."""
    moved = list(streams)
    digests = {stream.digest for stream in moved if stream.size}
    size = sum(stream.size for stream in moved)
    return (size if moved else "", digests.pop()[:DIGEST] if len(digests) == 1 else "")


def _operations(events: Iterable[Event]) -> Table:
    table = _table("by", "what", "path", "result")
    for event in events:
        if event.kind == "file" or (event.kind in ("open", "exec") and event["error"]):
            target = event["to"] or event["link"]
            arrow = f" → {target}" if target else ""
            mode = f" {event['mode']:o}" if event["mode"] is not None else ""
            size = f" to {event['size']}" if event["size"] is not None else ""
            owner = f" {event['owner']}" if event["owner"] else ""
            what = (event["op"] or event.kind) + mode + size + owner
            path = (event["path"] or event["what"] or "") + arrow
            _row(table, summary.title(event), what, path, event["error"] or "done")
    return table


def _flows(flows: Sequence[Flow]) -> Table:
    table = _table("which", "written by", "read by", "data")
    for flow in flows:
        source = flow.written if flow.written.size else flow.read
        data = b"".join(source.data)[:PREVIEW]
        _row(table, flow.name, _shares(flow.written), _shares(flow.read), shown(data, source.size))
    return table


def _shares(stream: Stream) -> str:
    return ", ".join(f"{who}: {size}" for who, size in stream.by.items()) or "nobody"


def _connections(events: Iterable[Event]) -> Table:
    table = _table("by", "what", "address", "result")
    for event in events:
        if event.kind == "socket":
            what = f"{event['op']} {event['how'] or ''}".rstrip()
            _row(
                table, summary.title(event), what, event["address"] or "", event["error"] or "done"
            )
    return table


def _console(events: Iterable[Event]) -> Table:
    """One row per line of text; what one process writes piece by piece is put together."""
    table = _table("by", "stream", "text")
    last: tuple[str, str] | None = None
    text, size = b"", 0
    for event in [*events, None]:
        if event is not None:
            console = event.kind in ("read", "write") and event["what"] == "console"
            if not console or not event["size"] or event["peek"]:
                continue
            key = summary.title(event), _stream(event)
            if key == last:
                text, size = text + (event["data"] or b""), size + event["size"]
                continue
        if last is not None:
            for index, line in enumerate(text.splitlines()):
                _row(table, *(last if index == 0 else ("", "")), shown(line, len(line)))
            if len(text) != size:
                _row(table, "", "", f"… {size - len(text)} more bytes")
        if event is not None:
            last, text, size = key, event["data"] or b"", event["size"]
    return table


def _stream(event: Event) -> str:
    return f"{'<' if event.kind == 'read' else '>'} {os.path.basename(event['path'] or '')}"


def _calls(console: Console, calls: dict[str, list[Activation]]) -> None:
    for who, outermost in calls.items():
        console.print()
        console.print(Text(printable(f"Calls in {who}"), "bold"))
        pending = list(reversed(outermost))
        for _ in range(MOST_CALLS):
            if not pending:
                break
            node = pending.pop()
            console.print(Text(printable("  " * node.depth + _call(node))), soft_wrap=True)
            pending += reversed(node.inner)
        if pending:
            console.print(Text(f"… more than {MOST_CALLS}: the record has all"))


def _call(node: Activation) -> str:
    words = "…" if node.arguments is None else ", ".join(f"{word:#x}" for word in node.arguments)
    result = "(did not return)" if node.result is None else f"= {node.result:#x}"
    return f"{'→ ' if node.tail else ''}{node.symbol}({words}) {result}"
