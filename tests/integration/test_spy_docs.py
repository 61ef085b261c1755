"""``docs/spy.md``: the examples are what happens, the tables are the schema."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from support.guests import guest
from support.oracle import need_root
from support.runs import command
from support.spy_guest import FakeGuest, Spied

from dbt.spy import tap
from dbt.spy.events import FIELDS, TYPES, Event

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "spy.md").read_text()
EXAMPLE = ROOT / "docs" / "examples" / "who_talks.py"
VOLATILE = ("t", "pid", "ppid", "uid", "inode", "started", "object", "offset")


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def table(start: str) -> dict[str, str]:
    """Rows of the table whose heading begins with a word."""
    rows = re.search(rf"\| {start} \|.*?\n\|[- |]+\n(.*?)\n\n", PAGE, re.DOTALL)
    assert rows
    cells = [row.strip("|").split("|", 1) for row in rows[1].splitlines()]
    return {first.strip(): rest.strip() for first, rest in cells}


def test_the_example_tells_how_it_is_called() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (done.returncode, done.stderr) == (2, "usage: who_talks.py PROGRAM [ARGUMENT ...]\n")


# -- the schema ------------------------------------------------------------------------------------


def test_the_table_of_events_is_the_schema() -> None:
    told = {kind.strip("`"): set(cell.strip("`").split()) for kind, cell in table("event").items()}
    assert told == {kind: set(fields) for kind, fields in FIELDS.items()}


def test_every_field_is_explained_once() -> None:
    explained = [name for cell in table("field") for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(explained) == sorted(TYPES)


# -- the record ------------------------------------------------------------------------------------


def stable(line: str, home: str) -> tuple[str, dict[str, object]]:
    """What two runs have in common of an event."""
    event = Event.from_line(line.replace(home, "/somewhere"))
    fields = {name: value for name, value in event.fields.items() if name not in VOLATILE}
    return event.kind, {**fields, "process": event.who.name}


def test_the_record_is_what_a_run_leaves(tmp_path: Path) -> None:
    shutil.copy(guest("files"), tmp_path)
    done = command("spy", "-o", "record.jsonl", "files.elf", "made", cwd=tmp_path)
    assert done.status == 0
    left = (tmp_path / "record.jsonl").read_text().splitlines()
    shown = block("jsonl").splitlines()
    assert [stable(line, str(tmp_path)) for line in left] == [
        stable(line, "/somewhere") for line in shown
    ]
    assert [re.findall(r'"(\w+)":', line) for line in left] == [
        re.findall(r'"(\w+)":', line) for line in shown
    ]


def test_the_record_of_the_page_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "record.jsonl").write_text(block("jsonl"))
    done = command("spy", "--read", "record.jsonl", cwd=tmp_path)
    assert done.status == 0
    assert b"3234 files.elf made: exit 0\n" in done.stdout


# -- the report ------------------------------------------------------------------------------------


def normal(text: str) -> list[str]:
    """A report without pids, time, number of events and widths: pids by their first appearance."""
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.+]+, \d+ events", "TIME", text)
    pids = dict.fromkeys(re.findall(r"^\W*(\d+) \S", text, re.MULTILINE))
    for number, pid in enumerate(pids):
        text = re.sub(rf"\b{pid}\b", f"PID{number}", text)
    return [" ".join(line.split()) for line in text.splitlines()]


@pytest.mark.oracle
def test_the_report_is_what_is_shown() -> None:
    script = "echo hello | tr a-z A-Z > out; cat out | wc -c"
    assert f"armdbt spy busybox sh -c '{script}'" in PAGE
    with tempfile.TemporaryDirectory(dir="/tmp") as home:  # a short name: columns are as shown
        shutil.copy(need_root() / "bin" / "busybox", home)
        done = command("spy", "busybox", "sh", "-c", script, cwd=Path(home))
    assert done.stdout == b"6\n"
    report = done.stderr.decode().replace(home, "/somewhere")
    assert normal(report) == normal(block("report"))


# -- the code --------------------------------------------------------------------------------------


def python(code: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *code],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_the_python_of_the_page_prints_what_it_says(tmp_path: Path) -> None:
    code = block("python").replace("tests/guests/processes.elf", str(guest("processes")))
    done = python(["-c", code], tmp_path)
    assert done.stdout.endswith(block("output")), done.stderr
    assert (tmp_path / "record.jsonl").exists()


def test_the_small_tool_tells_what_it_says(tmp_path: Path) -> None:
    source = EXAMPLE.read_text()
    assert block("tool") in source
    (lines,) = re.findall(r"## A TEMU/Qebek tool in (\d+) lines", PAGE)
    assert len(source.splitlines()) <= int(lines)
    done = python([str(EXAMPLE), str(guest("processes"))], tmp_path)
    told = [line for line in done.stderr.splitlines() if re.match(r"\d+ (print|read|write)", line)]
    said = block("told").splitlines()
    assert sorted(without_pid(told)) == sorted(without_pid(said))
    assert without_pid(told)[2:] == without_pid(said)[2:]


def without_pid(lines: list[str]) -> list[str]:
    return [line.partition(" ")[2] for line in lines]


def test_the_handler_of_the_page_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tap, "AFTER", dict(tap.AFTER))
    exec(block("handler"), {})
    spied = Spied(FakeGuest(inodes={3: ("file", 1)}, memory={0x10: b"/tmp/f\0"}))
    spied.call("open", 0x10, 0, 0, result=3)
    (event,) = spied.call("flock", 3, 2, result=0)
    assert event.fields == {"syscall": "flock", "op": "lock", "path": "/tmp/f"}
