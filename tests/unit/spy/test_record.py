"""The file of the record."""

import os
import stat
from pathlib import Path

import pytest

from dbt.spy.events import SCHEMA, Event, Who
from dbt.spy.record import Recorder, load
from dbt.stops import UsageError

WHO = Who(1, 0, 0, "x")
BEGIN = Event("begin", 0, WHO, {"schema": SCHEMA, "argv": ["x"]})


def test_lines_of_many_processes_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    recorder = Recorder(str(path))
    recorder.append(BEGIN)
    children = []
    for child in range(4):
        pid = os.fork()
        if pid == 0:
            for number in range(200):
                data = bytes([65 + child]) * (500 + number * 20)
                fields = {"fd": child, "size": number, "data": data}
                recorder.append(Event("write", 1000 - number, WHO, fields))
            os._exit(0)
        children.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0] * 4
    recorder.close()
    events = load(str(path))
    assert len(events) == 801
    assert [event.time for event in events] == sorted(event.time for event in events)
    assert all(set(event["data"]) == {65 + event["fd"]} for event in events[1:])


def test_the_file_has_its_name_only_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    recorder = Recorder(str(path))
    recorder.append(BEGIN)
    assert not path.exists()
    recorder.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~_umask()
    assert list(tmp_path.iterdir()) == [path]
    recorder.append(BEGIN)  # a child that goes on
    assert len(load(str(path))) == 2


def test_a_line_never_takes_the_place_of_another(tmp_path: Path) -> None:
    """Not even when the position of the descriptor, which all processes share, is moved."""
    path = tmp_path / "record.jsonl"
    recorder = Recorder(str(path))
    recorder.append(BEGIN)
    (name,) = map(str, tmp_path.iterdir())
    links = Path("/proc/self/fd")
    (fd,) = (int(link.name) for link in links.iterdir() if os.path.realpath(link) == name)
    os.lseek(fd, 0, os.SEEK_SET)
    recorder.append(BEGIN)
    recorder.close()
    assert load(str(path)) == [BEGIN, BEGIN]


def _umask() -> int:
    value = os.umask(0)
    os.umask(value)
    return value


def test_without_a_name_nothing_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    recorder = Recorder(None)
    recorder.append(BEGIN)
    os.write(recorder._fd, b'{"event":"wri')
    assert recorder.events() == [BEGIN]
    recorder.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no record"),
        (
            '{"event":"exit","t":0,"pid":1,"ppid":0,"uid":0,"process":"x","status":0}\n',
            "is no record",
        ),
        ("nonsense\n", "is no record of armdbt spy$"),
        ("[" * 100_000, "is no record of armdbt spy$"),
        (BEGIN.to_line() + '\n{"event": \n', r"line 2: no event: b'\{"),
        (BEGIN.to_line() + "\nnonsense\n", "line 2"),
        (BEGIN.to_line().replace('"t":0', '"t":"soon"'), "line 1"),
        (BEGIN.to_line().replace('"argv"', '"argw"'), "argw"),
        (BEGIN.to_line().replace('"schema":1', '"schema":99'), "schema 99"),
    ],
)
def test_what_is_no_record_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "record.jsonl"
    path.write_text(text)
    with pytest.raises(UsageError, match=message) as error:
        load(str(path))
    assert "\n" not in str(error.value)


def test_bytes_that_are_no_text_are_no_record(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    path.write_bytes(b"\x7fELF\xff\xfe\n")
    with pytest.raises(UsageError, match="is no record of armdbt spy"):
        load(str(path))


def test_only_regular_files_are_replaced(tmp_path: Path) -> None:
    """Renaming onto /dev/null would make a file of it."""
    fifo, target, link = tmp_path / "fifo", tmp_path / "target", tmp_path / "link"
    os.mkfifo(fifo)
    for path in (fifo, tmp_path, Path("/dev/null")):
        with pytest.raises(UsageError, match="not a regular file"):
            Recorder(str(path))
    target.touch()
    link.symlink_to(target)
    recorder = Recorder(str(link))
    recorder.append(BEGIN)
    recorder.close()
    assert link.is_symlink()
    assert load(str(target)) == [BEGIN]


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    missing = tmp_path / "missing" / "record.jsonl"
    with pytest.raises(UsageError, match="No such file"):
        Recorder(str(missing))
    with pytest.raises(UsageError, match="No such file"):
        load(str(missing))


def test_what_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    recorder = Recorder(str(tmp_path / "record.jsonl"))
    recorder.append(BEGIN)
    recorder.discard()
    recorder.close()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["record.jsonl", None])
def test_a_full_disk_is_one_line(tmp_path: Path, name: str | None) -> None:
    recorder = Recorder(str(tmp_path / name) if name else None)
    recorder.append(BEGIN)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, recorder._fd)
    os.close(full)
    with pytest.raises(UsageError, match=r"record.*: No space left on device") as error:
        recorder.append(BEGIN)
    assert "\n" not in str(error.value)
    recorder.close()
