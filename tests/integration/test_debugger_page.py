"""``docs/debugger.md``: gdb says what the page shows. Run this file itself to write it down."""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from support.debugger import COMPILERS, debug
from support.guests import GUESTS
from support.oracle import lacking

from dbt.process import Process

PAGE = Path(__file__).parents[2] / "docs" / "debugger.md"
SAID = re.compile(r"```text\n(.*?)```", re.DOTALL)


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return str(found)


def said(home: Path) -> tuple[str, int]:
    """What gdb says when it runs the page's script, without addresses, and the exit status."""
    compiler, *options = block("sh").splitlines()[0].split()
    assert compiler == COMPILERS["armhf"]
    if shutil.which(compiler) is None:
        lacking(f"needs {compiler} (Debian: gcc-arm-linux-gnueabihf)")
    shutil.copy(GUESTS / "debugged" / "calls.c", home)
    subprocess.run([compiler, *options], check=True, cwd=home)
    script = block("gdb").replace("file calls", f"file {home}/calls").replace("door", "TARGET")
    done = debug(home / "calls", script)
    text = done.said.replace(f"{home}/", "").replace(str(home), "")
    text = re.sub(r"0x[0-9a-f]{4,}", "0x…", text)
    return re.sub(r"process \d+", "process …", text), done.status


@pytest.mark.oracle
def test_gdb_says_what_the_page_shows(tmp_path: Path) -> None:
    assert said(tmp_path) == (block("text"), 3)


def test_the_commands_of_the_page_are_those_there_are() -> None:
    from dbt.gdb.monitor import Monitor

    with Process(str(GUESTS / "hello.elf")) as process:
        packets: list[bytes] = []
        assert Monitor(process, packets.append).answers[b"qRcmd"](b"help".hex().encode()) == b"OK"
    text = b"".join(bytes.fromhex(packet[1:].decode()) for packet in packets).decode()
    known = re.findall(r"^monitor (\w+)", text, re.MULTILINE)
    rows = re.findall(r"^\| `monitor (\w+)", PAGE.read_text(), re.MULTILINE)
    assert known == rows


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    with tempfile.TemporaryDirectory() as home:
        shown, _ = said(Path(home))
    PAGE.write_text(SAID.sub(lambda _: f"```text\n{shown}```", PAGE.read_text()))
