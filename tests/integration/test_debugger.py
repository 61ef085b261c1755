"""gdb on programs: ``armdbt run -g``."""

import re
from pathlib import Path

import pytest
from support.debugger import build, debug
from support.oracle import need_armhf_root, need_root

pytestmark = pytest.mark.oracle

SCRIPT = """\
file {program}
set sysroot {root}
target remote TARGET
break twice
continue
backtrace
info args
print value + times
finish
delete
watch total
continue
continue
delete
stepi 1000
info registers pc
break 17
continue
info breakpoints
delete
continue
"""
KINDS = {
    "armel-static": ("armel", "-static"),
    "armel-dynamic": ("armel",),
    "armel-thumb": ("armel", "-static", "-mthumb", "-march=armv5t"),
    "armhf-static": ("armhf", "-static"),
    "armhf-dynamic": ("armhf",),
    "armhf-arm": ("armhf", "-marm"),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("debugged")


def options(architecture: str) -> tuple[str, ...]:
    root = need_root() if architecture == "armel" else need_armhf_root()
    return ("-L", str(root))


@pytest.mark.parametrize("kind", KINDS)
def test_breakpoints_frames_and_arguments(kind: str, home: Path) -> None:
    architecture, *flags = KINDS[kind]
    program = build(home, "calls", architecture, *flags)
    root = options(architecture)
    done = debug(program, SCRIPT.format(program=program, root=root[1]), options=root)
    assert "Breakpoint 1, twice (value=1, times=5) at" in done.said
    frames = [line for line in done.said.splitlines() if line.startswith("#")]
    assert [frame.split(" (")[0].split()[-1] for frame in frames[:3]] == ["twice", "sum", "main"]
    assert "value = 1\ntimes = 5\n$1 = 6\n" in done.said
    assert "Value returned is $2 = 7\n" in done.said
    assert "exited with code 03" in done.said
    assert (done.status, done.stdout) == (3, "55\n30\n")


WATCHED = """\
file {program}
target remote TARGET
watch total
commands
printf "at %#x\\n", $pc
end
continue
continue
delete
rwatch total
continue
delete
awatch total
continue
continue
delete
disassemble twice
continue
"""


@pytest.mark.parametrize("kind", ["armel-static", "armel-thumb"])
def test_an_access_to_watched_memory_stops_behind_it(kind: str, home: Path) -> None:
    architecture, *flags = KINDS[kind]
    program = build(home, "calls", architecture, *flags)
    done = debug(program, WATCHED.format(program=program), options=("--stats",))
    assert "Old value = 0\nNew value = 2\n" in done.said
    assert "Old value = 2\nNew value = 6\n" in done.said
    assert "Hardware read watchpoint 2: total\n\nValue = 6\n" in done.said
    assert "Hardware access (read/write) watchpoint 3: total\n\nOld value = 6\nNew" in done.said
    assert "Hardware access (read/write) watchpoint 3: total\n\nValue = 12\n" in done.said
    stop = int(re.findall(r"at (0x\w+)", done.said)[0], 0)
    code = [
        (int(pc, 0), text)
        for pc, text in re.findall(r"(0x\w+) <\+\d+>:\t(.*)", done.said.replace("=>", "  "))
    ]
    before = [text for pc, text in code if pc < stop][-1]
    assert before.startswith("str\t")
    assert (done.status, done.stdout) == (3, "55\n30\n")
