"""One event of the record, and its line of JSON.

The header of a Sebek 3 packet (The Honeynet Project, ``net_tx.h``) held: magic, version, type
(read, write, socket, open), counter, seconds and microseconds, parent pid, pid, uid, fd, inode, the
first 12 bytes of the command, length, data. Every event here has ``Who`` and a time for the first
half; the second half and what Sebek could not record are the ``fields``.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

import attrs

from dbt.hooks.records import with_present_keys

SCHEMA = 1
"""Version of the schema. New fields and events do not change it; a new meaning does."""

_IO = "fd object what path end inode size offset peek data sha256 address"

FIELDS: Mapping[str, frozenset[str]] = {
    kind: frozenset(fields.split())
    for kind, fields in {
        "begin": "schema program argv cwd started data_limit",
        "open": "syscall fd object what path end inode flags cloexec error",
        "dup": "syscall fd from object what path end cloexec",
        "close": "syscall fd object what path end",
        "read": f"syscall {_IO} error",
        "write": f"syscall {_IO} error",
        "socket": "syscall fd object what path end op address how accepted error",
        "file": "syscall op path to mode owner size link error",
        "map": "syscall fd object what path end at size offset prot shared",
        "fork": "syscall child error",
        "exec": "syscall path argv closed error",
        "exit": "syscall status",
        "wait": "syscall child status signal",
        "kill": "syscall target signal error",
        "call": "symbol pc depth stack_id arguments return_to tail",
        "return": "symbol pc depth stack_id result",
        "unwound": "symbol pc depth stack_id",
        "end": "status reason",
    }.items()
}
"""The fields an event of each kind may have, besides those that all have."""

TYPES: Mapping[str, type] = {
    name: kind
    for kind, names in {
        int: "schema data_limit fd from inode size offset mode accepted at child status signal"
        " target pc depth stack_id result return_to",
        str: "program cwd started syscall object what path end error op address how to owner link"
        " prot sha256 reason symbol",
        bool: "cloexec peek shared tail",
        list: "argv flags closed arguments",
        bytes: "data",
    }.items()
    for name in names.split()
}
"""The type of each field, in whatever event it is."""

ITEMS: Mapping[str, type] = {"argv": str, "flags": str, "closed": int, "arguments": int}
"""The types of the items of lists."""

_ENCODER = json.JSONEncoder(separators=(",", ":"))
COMMON = ("event", "t", "pid", "ppid", "uid", "process")


@attrs.frozen
class Who:
    """The process that did it. ``name`` is the program's, as prctl(PR_GET_NAME) gives it."""

    pid: int
    ppid: int
    uid: int
    name: str


@attrs.frozen
class Event:
    """Something that happened. ``time``: nanoseconds since the record began, on a clock that all
    processes share; the report orders by it.

    Raises ValueError for a kind or field that ``FIELDS`` does not know, and for a value that is not
    of the field's type.
    """

    kind: str
    time: int
    who: Who
    fields: Mapping[str, Any] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        unknown = set(self.fields) - FIELDS.get(self.kind, frozenset())
        if self.kind not in FIELDS or unknown:
            raise ValueError(f"event {self.kind!r} has no field {sorted(unknown)}")
        wrong = [name for name, value in self.fields.items() if not _fits(name, value)]
        if wrong:
            raise ValueError(f"event {self.kind!r}: not the right type: {wrong}")

    def __getitem__(self, field: str) -> Any:
        """A field, or None."""
        return self.fields.get(field)

    def to_line(self) -> str:
        """The event as one line of JSON, without the line's end.

        ``data`` that is not UTF-8 becomes ``data64`` (base64).
        """
        who = self.who
        row: dict[str, Any] = {
            "event": self.kind, "t": self.time, "pid": who.pid, "ppid": who.ppid, "uid": who.uid,
            "process": who.name,
        }  # fmt: skip
        for name, value in self.fields.items():
            if isinstance(value, bytes):
                row.update(_from_bytes(name, value))
            else:
                row[name] = value
        return _ENCODER.encode(row)

    @classmethod
    def from_line(cls, line: str) -> "Event":
        """The event in a line, also in one of an older record. Raises ValueError for what is
        none."""
        row = json.loads(line)
        missing = set(COMMON) - (row.keys() if isinstance(row, dict) else set())
        if missing:
            raise ValueError(f"no event, it has no {' '.join(sorted(missing))}: {line[:60]!r}")
        kind, time, *who = (row.pop(name) for name in COMMON)
        if [type(value) for value in (kind, time, *who)] != [str, int, int, int, int, str]:
            raise ValueError(f"no event: {line[:60]!r}")
        if "data64" in row:
            row["data"] = base64.b64decode(row.pop("data64"), validate=True)
        elif "data" in row:
            row["data"] = str(row["data"]).encode()
        return cls(kind, time, Who(*who), with_present_keys(row))


def _fits(name: str, value: object) -> bool:
    if isinstance(value, list):
        return name in ITEMS and all(type(item) is ITEMS[name] for item in value)
    return type(value) is TYPES[name]


def _from_bytes(name: str, value: bytes) -> dict[str, str]:
    try:
        return {name: value.decode()}
    except UnicodeDecodeError:
        return {f"{name}64": base64.b64encode(value).decode()}
