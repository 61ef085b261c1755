"""Signals of processor exceptions, where each backend and tier has to tell what happened."""

from pathlib import Path

import pytest
from support.machine_code import CODE, EXIT, program

from dbt.interfaces import BackendOptions
from dbt.process import Process
from dbt.stops import Exited

SA_SIGINFO = 4


@pytest.mark.parametrize("tier", ["reference", "0", "1", "2"])
@pytest.mark.parametrize("access", [0xE1951F9F, 0xE1851F92], ids=["ldrex", "strex"])
def test_an_unaligned_access_in_every_tier(tmp_path: Path, tier: str, access: int) -> None:
    """The guest ends with the low byte of si_addr: of its data, not of the instruction."""
    words = [
        0xE28F1028, 0xE3A00007, 0xE3A02000, 0xE3A03008,  # rt_sigaction(7, action, 0, 8)
        0xE3A070AE, 0xEF000000,
        0xE28F5000, 0xE3855001,  # r5: an odd address near here
        access,
        0xE3A00063, *EXIT,
        CODE + 4 * 17, SA_SIGINFO, 0, 0, 0,  # the action
        0xE591000C, 0xE20000FF, *EXIT,  # the handler: exit(si_addr & 0xff)
    ]  # fmt: skip
    backend = "reference" if tier == "reference" else "numba_jit"
    options = None if tier == "reference" else BackendOptions(tier=tier)
    process = Process(str(program(tmp_path, words)), backend=backend, options=options)
    assert process.run() == Exited((CODE + 4 * 6 + 8 + 1) & 0xFF)
    process.close()
