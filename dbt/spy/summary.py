"""What a record says about each process, file, pipe and call: the report's figures, as data."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

import attrs

from dbt.spy.events import Event

STREAMED = ("pipe", "socket")
NAMELESS = "(no name)"


@attrs.define
class Life:
    """A process. ``programs``: argv of each program it ran, the first one first; what it was forked
    with is not among them. ``end`` is empty while nothing is known of its end."""

    pid: int
    name: str = ""
    programs: list[list[str]] = attrs.field(factory=list)
    end: str = ""
    children: list["Life"] = attrs.field(factory=list)


@attrs.define
class Stream:
    """What went one way through one thing, of all processes, in the order of the clock."""

    size: int = 0
    by: Counter[str] = attrs.field(factory=Counter)
    """Bytes by process."""
    data: list[bytes] = attrs.field(factory=list)
    _joined: int | None = None
    """How many items of ``data`` there are before bytes are missing; None: no bytes are."""
    _running: str | None = ""

    def add(self, event: Event) -> None:
        """One transfer."""
        self.size += event["size"]
        self.by[title(event)] += event["size"]
        self.data.append(event["data"] or b"")
        if self.whole and len(self.data[-1]) != event["size"]:
            self._joined = len(self.data)
        if event["size"] and self._running is not None:
            self._running = event["sha256"]

    @property
    def whole(self) -> bool:
        """Every byte is in ``data``."""
        return self._joined is None

    @property
    def beginning(self) -> bytes:
        """The first bytes, up to where the first are missing."""
        return b"".join(self.data[: self._joined])

    @property
    def digest(self) -> str:
        """SHA-256 of everything, if the record kept all the data, or if a single process moved it;
        else empty."""
        if self.whole:
            return hashlib.sha256(b"".join(self.data)).hexdigest()
        return self._running or "" if len(self.by) == 1 else ""


@attrs.define
class File:
    """All that was done with a path."""

    path: str
    what: str
    opened: int = 0
    mapped: int = 0
    by: set[int] = attrs.field(factory=set)
    read: dict[str, Stream] = attrs.field(factory=dict)
    written: dict[str, Stream] = attrs.field(factory=dict)
    """By thing: each open of the path is one."""


@attrs.define
class Flow:
    """A direction of a pipe or of a pair of sockets."""

    name: str
    written: Stream = attrs.field(factory=Stream)
    read: Stream = attrs.field(factory=Stream)


@attrs.define
class Activation:
    """A call of a watched function. ``result`` is None when no return was seen, ``arguments`` when
    the call was made before the process was forked. ``depth``: how many were alive, on all stacks;
    ``stack_id`` as in ``dbt.hooks.records.Record``."""

    symbol: str
    pc: int
    depth: int
    stack_id: int
    arguments: Sequence[int] | None
    result: int | None = None
    tail: bool = False
    inner: list["Activation"] = attrs.field(factory=list)


def title(event: Event) -> str:
    """A process as the report names it."""
    return f"{event.who.name} {event.who.pid}"


# -- processes -------------------------------------------------------------------------------------


def processes(events: Iterable[Event]) -> list[Life]:
    """The process tree: the processes that no other in the record has forked."""
    lives: dict[int, Life] = {}
    roots: list[Life] = []
    for event in events:
        life = lives.get(event.who.pid)
        if life is None:
            life = lives[event.who.pid] = Life(event.who.pid)
            roots.append(life)
        life.name = event.who.name
        if event.kind == "fork" and event["child"]:
            child = lives[event["child"]] = Life(event["child"], life.name)
            life.children.append(child)
        else:
            _lived(life, lives, event)
    return roots


def _lived(life: Life, lives: dict[int, Life], event: Event) -> None:
    match event.kind:
        case "begin":
            life.programs.append(event["argv"])
        case "exec" if not event["error"]:
            life.programs.append(event["argv"])
        case "exit":
            life.end = f"exit {event['status']}"
        case "end":
            life.end = event["reason"] or life.end
        case "wait" if event["child"] in lives and event["signal"]:
            lives[event["child"]].end = f"signal {event['signal']}"


# -- files -----------------------------------------------------------------------------------------


def files(events: Iterable[Event]) -> list[File]:
    """Files, directories and devices that were opened, by first use."""
    found: dict[str, File] = {}
    for event in events:
        what = event["what"]
        if not event["object"] or what in ("console", *STREAMED):
            continue
        if event.kind not in ("open", "read", "write", "map"):
            continue
        path = event["path"] or f"{NAMELESS} {what} {event['object']}"
        file = found.setdefault(path, File(path, what))
        file.by.add(event.who.pid)
        file.opened += event.kind == "open"
        file.mapped += event.kind == "map"
        if _moved(event):
            side = file.read if event.kind == "read" else file.written
            side.setdefault(event["object"], Stream()).add(event)
    return list(found.values())


def _moved(event: Event) -> bool:
    return event.kind in ("read", "write") and not event["error"] and not event["peek"]


# -- pipes and sockets -----------------------------------------------------------------------------

_OTHER = {"first": "second", "second": "first"}


def flows(events: Iterable[Event]) -> list[Flow]:
    """Pipes, and each direction of socket pairs, by creation. Objects with one inode are one pipe:
    a FIFO, or a pipe that was opened once more by name. What came from outside the record has one
    flow for both ends."""
    found: dict[tuple[object, str], Flow] = {}
    same: dict[tuple[str, int], str] = {}
    for event in events:
        what, name, end = event["what"], event["object"], event["end"] or ""
        if what not in STREAMED or not name:
            continue
        if what == "pipe" and event["inode"]:
            name = same.setdefault((what, event["inode"]), name)
        if event.kind == "open":
            _flow(found, event, name, end)
        elif _moved(event):
            flow = _flow(found, event, name, _OTHER.get(end, end) if event.kind == "read" else end)
            (flow.read if event.kind == "read" else flow.written).add(event)
    return list(found.values())


def _flow(found: dict[tuple[object, str], Flow], event: Event, name: str, source: str) -> Flow:
    """``source``: the end that was written to; it distinguishes the directions of a pair."""
    paired = source if source in _OTHER else ""
    title = " ".join(filter(None, (event["what"], event["path"], name)))
    return found.setdefault((name, paired), Flow(title + (f" from {source}" if paired else "")))


# -- what failed -----------------------------------------------------------------------------------


@attrs.define
class Failure:
    """An open or an exec that failed, however often: what was asked for and why it failed."""

    what: str
    error: str
    count: int = 0
    by: set[int] = attrs.field(factory=set)


def failures(events: Iterable[Event]) -> list[Failure]:
    """Opens and execs that failed, by first occurrence."""
    found: dict[tuple[str, str], Failure] = {}
    for event in events:
        if event.kind in ("open", "exec") and event["error"]:
            what = event["path"] or event["what"] or ""
            what = f"exec {what}" if event.kind == "exec" else what
            failure = found.setdefault((what, event["error"]), Failure(what, event["error"]))
            failure.count += 1
            failure.by.add(event.who.pid)
    return list(found.values())


# -- calls -----------------------------------------------------------------------------------------


def calls(events: Iterable[Event]) -> dict[str, list[Activation]]:
    """Calls of watched functions by process, nested as they were: the outermost of each stack, by
    first use."""
    outermost: dict[int, list[Activation]] = {}
    names: dict[int, str] = {}
    alive: dict[int, dict[int, list[Activation]]] = {}
    for event in events:
        pid = event.who.pid
        if event.kind == "exec" and not event["error"]:
            alive.pop(pid, None)  # no call of the old program returns
        elif event.kind in ("call", "return", "unwound"):
            names[pid] = title(event)
            stacks, roots = alive.setdefault(pid, {}), outermost.setdefault(pid, [])
            node = _activation(event)
            stack = stacks.setdefault(node.stack_id, [])
            if event.kind == "call":
                # A record may lack ends. On a single stack, the depth shows which calls are over.
                while len(stacks) == 1 and stack and stack[-1].depth >= node.depth:
                    stack.pop()
                (stack[-1].inner if stack else roots).append(node)
                stack.append(node)
            elif not _ended(stack, node):
                roots.append(node)  # called before the fork: above all that this process called
    return {names[pid]: nodes for pid, nodes in outermost.items()}


def _ended(stack: list[Activation], end: Activation) -> bool:
    """End an activation, and those above it on the stack. Returns False when it is not there."""
    for index in range(len(stack) - 1, -1, -1):
        if (stack[index].pc, stack[index].depth) == (end.pc, end.depth):
            stack[index].result = end.result
            del stack[index:]
            return True
    return False


def _activation(event: Event) -> Activation:
    return Activation(
        event["symbol"], event["pc"], event["depth"], event["stack_id"] or 0, event["arguments"],
        event["result"], bool(event["tail"]),
    )  # fmt: skip
