"""gdb on a replay: forwards and backwards, on armel and armhf programs."""

import re
from pathlib import Path

import pytest
from support import debugger
from support.debugger import record

pytestmark = pytest.mark.oracle  # needs gdb-multiarch and cross compilers

SCRIPT = """
file PROGRAM
target remote TARGET
break twice
continue
info args
delete
watch total
continue
continue
delete
stepi 1000
continue
watch total
reverse-continue
reverse-continue
reverse-continue
reverse-continue
reverse-continue
print total
delete
reverse-stepi
stepi
info registers pc
break twice
continue
reverse-continue
info args
delete
reverse-continue
set var total = 7
"""


def _changes(said: str) -> list[tuple[int, int]]:
    found = re.findall(r"Old value = (\d+)\nNew value = (\d+)", said)
    return [(int(old), int(new)) for old, new in found]


@pytest.mark.parametrize("architecture", ["armel", "armhf"])
def test_backwards_to_the_first_write(tmp_path: Path, architecture: str) -> None:
    program = debugger.build(tmp_path, "calls", architecture, "-static")
    log = record(program, tmp_path / "log")
    debugged = debugger.debug(log, SCRIPT.replace("PROGRAM", str(program)), command="replay")
    said = debugged.said
    assert "Breakpoint 1, twice (value=1, times=5)" in said
    assert "value = 1\ntimes = 5" in said
    forwards = [(0, 2), (2, 6)]
    backwards = [(30, 20), (20, 12), (12, 6), (6, 2), (2, 0)]
    assert _changes(said) == forwards + backwards
    assert "\n$1 = 0\n" in said
    assert said.count("No more reverse-execution history") == 2  # at the end, at the beginning
    assert "Breakpoint 4, twice (value=2, times=5)" in said
    assert "Breakpoint 4, twice (value=1, times=5)" in said
    assert "Cannot access memory" in said  # nothing can be changed
    assert debugged.stdout == "55\n30\n"  # once


def test_threads_and_the_whole_way_back(tmp_path: Path) -> None:
    program = debugger.build(tmp_path, "threads", "armhf", "-static")
    log = record(program, tmp_path / "log")
    script = f"""
file {program}
target remote TARGET
continue
info threads
reverse-continue
info registers pc
continue
detach
"""
    debugged = debugger.debug(log, script, command="replay")
    assert debugged.said.count("No more reverse-execution history") == 3
    assert "Thread" in debugged.said
    assert debugged.status == 0
    again = debugger.debug(log, "target remote TARGET\nkill\n", command="replay")
    assert again.stdout == ""
