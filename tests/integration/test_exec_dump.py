"""``-d exec`` shows each executed block, whatever runs it; with blocks of one instruction, all of
qemu-arm's."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.guests import BENCHMARKS, guest, symbols
from support.oracle import QEMU, need_qemu
from support.runs import command

LINE = re.compile(r"-- exec 0x([0-9a-f]{8}) \S.*")
FIB = BENCHMARKS / "fib.elf"
SETTINGS = {
    "copied": "--tier 0",
    "unchained": "--tier 0 --chain off",
    "quick": "--tier 1",
    "unit": "--tier 2",
    "denied": "--tier 2 --chain direct",
    "function": "--tier 2 --unit function --hot 2",
    "auto": "--hot 2 --background off --reuse off",
    "reference": "--backend reference",
}


def executed(directory: Path, program: Path, *args: str, options: Sequence[str] = ()) -> list[int]:
    """The pcs that are shown, in order."""
    words = ("run", "--env-clear", *options, "-d", "exec", "-D", "dump", str(program), *args)
    outcome = command(*words, cwd=directory)
    assert outcome.stderr == b""
    lines = (directory / "dump").read_text().splitlines()
    found = [LINE.fullmatch(line) for line in lines]
    assert all(found)
    return [int(match[1], 16) for match in found if match]


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[int]]:
    options = SETTINGS["reference"].split()
    directory = tmp_path_factory.mktemp("expected")
    return {
        "fib": executed(directory, FIB, "9", options=options),
        "interwork": executed(directory, guest("interwork"), options=options),
        "it_calls": executed(directory, guest("it_calls"), options=options),
    }


@pytest.mark.parametrize("setting", [name for name in SETTINGS if name != "reference"])
@pytest.mark.parametrize("name", ["fib", "interwork", "it_calls"])
def test_the_same_in_every_setting(
    name: str, setting: str, expected: dict[str, list[int]], tmp_path: Path
) -> None:
    program, args = (FIB, ["9"]) if name == "fib" else (guest(name), [])
    options = SETTINGS[setting].split()
    assert executed(tmp_path, program, *args, options=options) == expected[name]


def test_a_function_is_shown_as_often_as_it_is_called(expected: dict[str, list[int]]) -> None:
    """fib(n) makes 2 fib(n + 1) - 1 calls, and chains into itself."""
    assert expected["fib"].count(symbols(FIB)["fib"]) == 2 * 55 - 1


def test_chosen_addresses_only(tmp_path: Path) -> None:
    pc = symbols(FIB)["fib"]
    options = ["-dfilter", f"{pc:#x}"]
    assert executed(tmp_path, FIB, "9", options=options) == [pc] * (2 * 55 - 1)


@pytest.mark.oracle
@pytest.mark.rotates("setting")
@pytest.mark.parametrize("setting", ["copied", "auto"])
@pytest.mark.parametrize(
    "name",
    ["bad_swi", "callable", "conditional_call", "endian", "faults", "hello", "interwork",
     "it_calls", "setjmp", "signals", "thumb_callable", "thumb_faults"],
)  # fmt: skip
def test_every_instruction_that_qemu_executes(name: str, setting: str, tmp_path: Path) -> None:
    need_qemu()
    words = ["-singlestep", "-d", "exec,nochain", "-D", str(tmp_path / "trace"), str(guest(name))]
    subprocess.run([QEMU, *words], env={}, capture_output=True, stdin=subprocess.DEVNULL,
                   check=False, timeout=300)  # fmt: skip
    theirs = re.findall(r"^Trace .*\[\w+/(\w+)/", (tmp_path / "trace").read_text(), re.MULTILINE)
    options = (*SETTINGS[setting].split(), "-one-insn-per-tb")
    words = ["run", "--env-clear", *options, "-d", "exec", "-D", "dump", str(guest(name))]
    command(*words, cwd=tmp_path)
    ours = [match[1] for match in LINE.finditer((tmp_path / "dump").read_text())]
    assert ours == theirs
