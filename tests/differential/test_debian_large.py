"""Debian's larger programs, for armel and armhf: as under qemu-arm -L ROOT."""

from pathlib import Path

import pytest
from support.debian_root import ARMHF_ROOT, DEFAULT_ROOT, is_whole
from support.large_cases import COMMANDS, cases
from support.oracle import (
    NOTHING,
    REQUIRED,
    Case,
    armdbt_result,
    assert_same,
    lacking,
    need_qemu,
    qemu_result,
)
from support.rotation import FULL

pytestmark = [pytest.mark.oracle, pytest.mark.rotates("case")]

ALL = [*cases(DEFAULT_ROOT, "arm-linux-gnueabi"), *cases(ARMHF_ROOT, "arm-linux-gnueabihf")]
QUICK = ("dash-", "as-")


def selected() -> list[pytest.ParameterSet]:
    """Programs and cases, as a user runs them: the two architectures take turns."""
    every = FULL or REQUIRED
    return [
        pytest.param(case.name.rpartition("-")[0], case, id=case.name)
        for case in ALL or [NOTHING]
        if every or case.name.startswith(QUICK) or case is NOTHING
    ]


def test_the_programs_are_here() -> None:
    if not ALL:
        lacking("needs Debian's larger programs (make root)")
    assert len(ALL) in (len(COMMANDS), 2 * len(COMMANDS))


@pytest.mark.parametrize(("program", "case"), selected())
def test_same_as_qemu(program: str, case: Case) -> None:
    need_qemu()
    if not ALL:
        lacking("needs Debian's larger programs (make root)")
    assert_same(case, qemu_result(case), armdbt_result(case, ()))


_ASYNCIO = """
import asyncio
async def serve(reader, writer):
    writer.write((await reader.readline()).upper())
    await writer.drain()
    writer.close()
async def ask(number):
    reader, writer = await asyncio.open_unix_connection("sock")
    writer.write(b"line %d\\n" % number)
    found = await reader.read()
    writer.close()
    return found
async def main():
    server = await asyncio.start_unix_server(serve, "sock")
    print(await asyncio.gather(*map(ask, range(3)), asyncio.sleep(0.01, 7)))
    server.close()
asyncio.run(main())
"""


@pytest.mark.parametrize("root", [DEFAULT_ROOT, ARMHF_ROOT], ids=lambda root: root.name)
def test_asyncio(root: Path) -> None:
    """Not compared: under qemu-arm, Python does not find the modules that it loads for it."""
    if not is_whole(root):
        lacking("needs Debian's programs (make root)")
    program = str(root / "usr/bin/python3.11")
    options = ("-L", str(root), "-0", "/usr/bin/python3.11")
    found = armdbt_result(Case("asyncio", (program, "-I", "-c", _ASYNCIO), options=options), ())
    assert found.outcome.stdout == b"[b'LINE 0\\n', b'LINE 1\\n', b'LINE 2\\n', 7]\n"
    assert found.outcome.status == 0
