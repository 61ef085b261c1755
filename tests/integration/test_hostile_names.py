"""Names that a guest or its file has chosen reach no terminal as they are, and none is endless."""

import json
from pathlib import Path

import pytest
from support.guests import guest
from support.runs import command
from support.symbol_names import renamed

from dbt import Process
from dbt.text import LINE, NAME

EVIL = b"\x1b]0;owned\x07\x1b[2J\nguest ok\r\xff\xe2\x80\xaetxt"
SHOWN = r"\x1b]0;owned\x07\x1b[2J\nguest ok\r\xff\u202etxt"
ENDLESS = b"A" * (20 << 20)
ROOM = 20_000
"""More than any of these runs has to say."""
SYMBOLS = pytest.mark.parametrize(
    ("called", "shown"),
    [(EVIL, SHOWN), (ENDLESS, f"… ({LINE} characters)")],
    ids=["evil", "endless"],
)


def harmless(data: bytes) -> str:
    """What was written, which holds nothing that a terminal obeys, and is not endless."""
    assert len(data) < ROOM
    text = data.decode()
    assert not [c for c in text if not c.isprintable() and c != "\n"]
    return text


def program(path: Path, name: str, symbol: str, called: bytes) -> str:
    path.write_bytes(renamed(guest(name).read_bytes(), {symbol: called}))
    return str(path)


@SYMBOLS
def test_symbols_in_messages(tmp_path: Path, called: bytes, shown: str) -> None:
    spin = program(tmp_path / "spin", "spin", "forever", called)
    stopped = command("run", "--max-insns", "100000", spin, cwd=tmp_path)
    assert shown in harmless(stopped.stderr)
    assert len(stopped.stderr) < 2 * NAME
    late = command("run", "--timeout", "0.1", spin, cwd=tmp_path)
    assert shown in harmless(late.stderr)
    explained = command("explain", spin, "0", cwd=tmp_path)
    harmless(explained.stdout + explained.stderr)


@SYMBOLS
def test_symbols_in_a_crash_report(tmp_path: Path, called: bytes, shown: str) -> None:
    broken = bytearray(renamed(guest("hello").read_bytes(), {"_start": called}))
    entry = int.from_bytes(broken[24:28], "little") - 0x10000
    broken[entry : entry + 4] = (0xE7F000F0).to_bytes(4, "little")  # udf #0
    (tmp_path / "broken").write_bytes(broken)
    outcome = command("run", "broken", cwd=tmp_path)
    assert outcome.status == 128 + 4
    assert shown in harmless(outcome.stderr).partition("\n")[0]


FORMATS = ("tree", "profile", "callgrind", "dot", "collapsed", "chrome", "jsonl", "drcov")


@pytest.mark.parametrize("called", [EVIL, ENDLESS], ids=["evil", "endless"])
def test_symbols_in_every_format(tmp_path: Path, called: bytes) -> None:
    fib = program(tmp_path / "fib\x1b[2J\n", "fib", "fib", called)
    options = [f"--format={name}:{tmp_path / name}" for name in FORMATS]
    outcome = command("calls", *options, fib, "1", cwd=tmp_path)
    assert outcome.status == 0
    harmless(outcome.stderr)
    for name in FORMATS:
        data = (tmp_path / name).read_bytes()
        if name == "drcov":
            continue  # paths and a binary table
        text = data.decode()
        assert not [c for c in text if not c.isprintable() and c != "\n"], name
        assert max(map(len, text.splitlines())) < 2 * LINE + 1000, name
        assert (b"guest ok" if called == EVIL else b"AAAAAA") in data, name
    json.loads((tmp_path / "chrome").read_text())


def test_a_hook_is_told_the_whole_name(tmp_path: Path) -> None:
    """Not only what is before " in ", which the text for people has before the file."""
    fib = program(tmp_path / "fib", "fib", "fib", b"fib in libc.so")
    process = Process(fib, ["1"], env={})
    seen: list[str] = []
    process.hooks.on_call("fib in libc.so", lambda event: seen.append(event.symbol))
    process.run()
    process.close()
    assert seen == ["fib in libc.so"]


def test_paths_in_traces_and_reports(tmp_path: Path) -> None:
    name = EVIL.decode(errors="surrogateescape")
    files = [str(guest("files")), name, "B" * 255, "C" * 4095]
    options = ["--allow-write", str(tmp_path)]
    trace = harmless(command("run", "-strace", *options, *files, cwd=tmp_path).stderr)
    assert r'open("\33]0;owned\7\33[2J\12guest ok\15\377\342\200\256txt",' in trace
    report = harmless(command("spy", *options, *files, cwd=tmp_path).stderr)
    assert r"\x1b]0;owned\x07\x1b[2J\nguest" in report


def test_programs_that_do_not_load(tmp_path: Path) -> None:
    script = tmp_path / "script\x1b[2J"
    script.write_bytes(b"#!/nowhere/\x1b[2J\xff" + b"x" * 200 + b"\n")
    script.chmod(0o755)
    said = harmless(command("run", script.name, cwd=tmp_path).stderr)
    assert said.startswith(r"armdbt: script\x1b[2J: needs the interpreter /nowhere/\x1b[2J\xffxx")
