"""Whatever a guest asks for and gets, the record goes on: a hook that raises would end its run."""

import errno
import json

from hypothesis import given, settings
from hypothesis import strategies as st
from support.spy_guest import FakeGuest, Spied

from dbt.spy.events import Event
from dbt.spy.tap import AFTER, BEFORE

NAMES = sorted({*AFTER, *BEFORE, "brk", "no_such_call"})
PLACES = [0x1000, 0x2000, 0x3000]
WORDS = st.sampled_from([0, 1, 2, 3, 4, 0xFFFFFFFF, 0xFFFFFF9C, *PLACES]) | st.integers(
    0, 2**32 - 1
)
RESULTS = st.sampled_from([0, 1, 3, 4, 16, -errno.EBADF, -errno.EINTR, -errno.EFAULT, -4095])
CALLS = st.tuples(st.sampled_from(NAMES), st.lists(WORDS, min_size=7, max_size=7), RESULTS)
KINDS = st.sampled_from(["file", "directory", "pipe", "socket", "device", "unknown"])


@settings(max_examples=300, deadline=None)
@given(
    st.lists(CALLS, min_size=1, max_size=12),
    st.dictionaries(st.sampled_from(PLACES), st.binary(min_size=1, max_size=64)),
    st.dictionaries(st.integers(0, 5), st.tuples(KINDS, st.integers(0, 99))),
)
def test_no_call_stops_the_record(
    calls: list[tuple[str, list[int], int]],
    memory: dict[int, bytes],
    inodes: dict[int, tuple[str, int]],
) -> None:
    files = {fd: b"0123456789" for fd, (kind, _) in inodes.items() if kind == "file"}
    positions = dict.fromkeys(files, 7)
    spied = Spied(FakeGuest(memory=memory, inodes=inodes, files=files, positions=positions))
    for name, registers, result in calls:
        spied.call(name, *registers, result=result)
    for event in spied.events:
        line = event.to_line()
        assert Event.from_line(line) == event
        assert "event" in json.loads(line)
