"""The file of a log."""

import os
from pathlib import Path

import pytest

from dbt.linux.replay.log_file import LogReader, LogWriter
from dbt.linux.replay.tape import Tape
from dbt.stops import UsageError


def test_records_of_two_processes(tmp_path: Path) -> None:
    log = LogWriter(str(tmp_path / "log"))
    log.add(("first", 1))
    log.flush()
    child = log.next_process()
    log.add(("first", 2))
    log.flush()
    log.in_child(child)
    log.add(("second", b"\0" * 100_000))
    log.close()
    read = LogReader(str(tmp_path / "log"))
    assert read.processes == [0, child]
    assert list(read.records(0)) == [("first", 1), ("first", 2)]
    assert list(read.records(child)) == [("second", b"\0" * 100_000)]
    assert os.stat(tmp_path / "log").st_mode & 0o777 == 0o600


def test_every_byte_counts(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = LogWriter(str(path))
    for number in range(3):
        log.add(("record", number))
        log.flush()
    log.close()
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(UsageError):
            list(LogReader(str(path)).records(0))


def test_any_prefix_is_a_log_or_none(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = LogWriter(str(path))
    records = [("record", number) for number in range(3)]
    for record in records:
        log.add(record)
        log.flush()
    log.close()
    whole = path.read_bytes()
    seen = set()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        try:
            found = list(LogReader(str(path)).records(0))
        except UsageError:
            found = []
        assert found == records[: len(found)]
        seen.add(len(found))
    assert seen == {0, 1, 2}


def test_a_tape_goes_back() -> None:
    a, b, c, d = ((1, number, 0, 0, 0, ()) for number in range(4))
    tape = Tape(iter([a, b, c, d]))
    assert tape.take() == a
    tape.keep()
    assert (tape.take(), tape.take(), tape.place) == (b, c, 2)
    tape.go_back(1)
    assert (tape.take(), tape.take(), tape.next) == (c, d, None)
    tape.go_back(0)
    assert tape.next == b


@pytest.mark.parametrize("record", [1, (), (9, 0, 0, 0, 0, ()), (1, 0, 0, 0, 0, ("write",))])
def test_what_is_no_record_is_refused(record: object) -> None:
    with pytest.raises(UsageError, match="makes no sense"):
        Tape(iter([record]))
