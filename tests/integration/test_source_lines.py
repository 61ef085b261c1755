"""Source lines in reports, profiles and listings."""

import io
import os
import pickle
import re
import shutil
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from support.guests import GUESTS, guest
from support.runs import command

import dbt

STATES = pytest.mark.parametrize("program", ["named", "thumb_named"])
SOURCE = (GUESTS / "src" / "named.c").read_text().splitlines()


def number(text: str) -> int:
    """The number of the first line of the source with a text."""
    return next(number for number, line in enumerate(SOURCE, 1) if text in line)


@STATES
def test_in_a_crash_report(program: str, tmp_path: Path) -> None:
    outcome = command("run", str(guest(program)), "crash", cwd=tmp_path)
    assert outcome.status == 128 + 11
    first = outcome.stderr.decode().splitlines()[0]
    assert first.endswith(f" (fall in {program}.elf, named.c:{number('mark: falls')})")


def test_where_a_run_was_stopped(tmp_path: Path) -> None:
    said = command("run", "--max-insns", "20", str(guest("named")), cwd=tmp_path).stderr.decode()
    assert re.search(
        r"limit reached at 0x\w+ \(\S+.* in named.elf, (named.c|start.S):\d+\)\n", said
    )


def test_a_program_without_debug_information_is_described_as_before(tmp_path: Path) -> None:
    said = command("run", "--max-insns", "20", str(guest("fib")), cwd=tmp_path).stderr.decode()
    assert re.search(r"limit reached at 0x\w+ \(\S+ in fib.elf\)\n", said)


def positions(text: str) -> dict[str, tuple[str, int]]:
    """File and line of each function of a profile of callgrind, by name."""
    names: dict[tuple[str, str], str] = {}
    found, file = {}, ""
    rows = iter(text.splitlines())
    for row in rows:
        kind, _, value = row.partition("=")
        match = re.fullmatch(r"(\(\d+\))(?: (.*))?", value)
        if match is None:
            continue
        table = {"fl": "file", "cfi": "file", "fi": "file", "fe": "file"}.get(kind, kind[-2:])
        name = names.setdefault((table, match[1]), match[2] or "")
        if kind == "fl":
            file = name
        elif kind == "fn":
            found[name] = file, int(next(rows).split()[1])
    return found


@STATES
def test_in_a_profile(program: str, tmp_path: Path) -> None:
    words = ("--format", "callgrind:profile", str(guest(program)))
    assert command("calls", *words, cwd=tmp_path).status == 0
    text = (tmp_path / "profile").read_text()
    assert "\npositions: instr line\n" in text
    found = positions(text)
    bodies = {
        "Foo::bar(int)": "int foo_bar_int(int n) {",
        "int largest<int>(int, int)": "int largest(int a, int b) {",
        "grant": "void *__libc_grant(u32 size) {",
    }
    for name, body in bodies.items():
        assert found[name] == ("src/named.c", number(body))
    calls = dict(re.findall(r"cfn=\(\d+\) (.*)\ncalls=1 0x\w+ \d+\n0x\w+ (\d+) \d+", text))
    assert int(calls["Foo::bar(int)"]) == number("mark: sum")


def test_a_profile_without_lines_has_none(tmp_path: Path) -> None:
    assert (
        command("calls", "--format", "callgrind:p", str(guest("fib")), "3", cwd=tmp_path).status
        == 0
    )
    text = (tmp_path / "p").read_text()
    assert "\npositions: instr\n" in text
    assert "fl=(1) ???" in text


@STATES
def test_beside_guest_code(program: str, tmp_path: Path) -> None:
    shutil.copy(guest(program), tmp_path / "named.elf")
    line = number("mark: falls")
    shown = command("explain", "named.elf", "fall", cwd=tmp_path).stdout.decode()
    assert shown.splitlines()[1] == f"; named.c:{line}"
    (tmp_path / "src").mkdir()
    shutil.copy(GUESTS / "src" / "named.c", tmp_path / "src")
    shown = command("explain", "named.elf", "fall", cwd=tmp_path).stdout.decode()
    assert shown.splitlines()[1] == f"; named.c:{line}    {SOURCE[line - 1].strip()}"
    assert shown.splitlines()[2].endswith("ldr r0, [r0]")
    (tmp_path / "src/named.c").write_bytes(b"\n" * (line - 1) + b"\x1b[2J\xff\n")
    shown = command("explain", "named.elf", "fall", cwd=tmp_path).stdout.decode()
    assert shown.splitlines()[1] == rf"; named.c:{line}    \x1b[2J\xff"
    (tmp_path / "src/named.c").unlink()
    os.mkfifo(tmp_path / "src/named.c")  # which nobody writes to
    shown = command("explain", "named.elf", "fall", cwd=tmp_path).stdout.decode()
    assert shown.splitlines()[1] == f"; named.c:{line}"


@STATES
def test_asked_in_python(program: str) -> None:
    with dbt.Process(str(guest(program)), env={}) as process:
        line = process.line(process.resolve("fall") & ~1)
        assert line is not None
        assert (line.path, line.number) == ("src/named.c", number("mark: falls"))
        assert process.line(0) is None


def test_damaged_debug_information_is_said_once(tmp_path: Path) -> None:
    data = bytearray(guest("named").read_bytes())
    with guest("named").open("rb") as stream:
        elf = ELFFile(stream)
        section = elf.get_section_by_name(".debug_line")["sh_offset"]
        for unit in elf.get_dwarf_info().iter_CUs():
            at = section + unit.get_top_DIE().attributes["DW_AT_stmt_list"].value
            data[at + 4 : at + 6] = b"\x63\0"  # the version
    (tmp_path / "named").write_bytes(data)
    outcome = command("run", "named", "crash", cwd=tmp_path)
    said = outcome.stderr.decode().splitlines()
    assert said[0].startswith("armdbt: ")
    assert "its debug information cannot be read (line numbers of version" in said[0]
    assert said[1].startswith("guest killed by SIGSEGV at ")
    assert said[1].endswith(" (fall in named)")


@STATES
@pytest.mark.parametrize("when", ["during", "stopped", "closed"])
def test_in_a_profile_of_a_recording(program: str, when: str, tmp_path: Path) -> None:
    out = io.StringIO()
    with dbt.Process(str(guest(program)), env={}, stdout=dbt.CAPTURE) as process:
        recording = process.record()
        process.run()
        if when == "stopped":
            recording.stop()
        if when != "closed":
            recording.write("callgrind", out)
    if when == "closed":
        events = pickle.loads(pickle.dumps(recording.arrays()))
        events.write("callgrind", out)
    text = out.getvalue()
    assert "\npositions: instr line\n" in text
    assert positions(text)["Foo::bar(int)"] == ("src/named.c", number("int foo_bar_int(int n) {"))
    words = ("--format", "callgrind:profile", str(guest(program)))
    assert command("calls", *words, cwd=tmp_path).status == 0
    told = positions((tmp_path / "profile").read_text())
    assert positions(text) == told
