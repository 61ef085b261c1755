"""System calls are seen in two places, and both see the same ones.

The execution loop is left at a trap instruction, where nothing is translated (``kernel.on_trap``);
the pass ``swi-trace`` keeps what the block that ends in it does. Each guest is one that could tell
them apart: conditional traps, immediates that name nothing, calls that restart, that never return,
that return twice.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.guests import ROOT, guest

from dbt.hooks import StopRequested, SyscallEvent
from dbt.instrument.swi import SwiTrace, recorded
from dbt.interfaces import BackendOptions
from dbt.process import Process
from dbt.stops import Exited, Requested
from dbt.syscalls import IllegalTrap, Request
from frontends.arm.linux_abi import OABI_BASE

MODES = {
    "reference": ("reference", "0", "all"),
    "copied": ("numba_jit", "0", "off"),
    "compiled": ("numba_jit", "2", "all"),
    "mixed": ("numba_jit", "auto", "all"),
}
STATUS = {"swi_kinds": 7, "restarts": 7, "oabi": 14, "processes": 5, "hello": 0}


def streams(name: str, mode: str, out: Path) -> list[dict[str, list]]:  # type: ignore[type-arg]
    """What each process of a guest saw, the first one first."""
    done = subprocess.run(
        [sys.executable, "-m", "support.swi_streams", str(out), *MODES[mode], str(guest(name))],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == STATUS[name], done.stderr.decode()
    return [json.loads(path.read_text()) for path in sorted(out.glob("*.json"))]


@pytest.mark.rotates("mode")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", STATUS)
def test_both_places_see_the_same(name: str, mode: str, tmp_path: Path) -> None:
    found = streams(name, mode, tmp_path)
    assert found
    for process in found:
        assert process["loop"] == process["ir"]
        assert process["counted"] == len(process["loop"]) > 1


def test_every_kind_of_trap_is_seen_as_what_it_is(tmp_path: Path) -> None:
    (process,) = streams("swi_kinds", "mixed", tmp_path)
    kinds = [kind for kind in process["kinds"] if kind != "sigreturn"]
    assert kinds == [
        *["rt_sigaction"] * 3,
        *["getpid"] * 5,  # EABI, OABI, syscall(20); of the conditional ones only those taken
        *["signal 4", "signal 4", "signal 11", "signal 5"],
        *["ARM_cacheflush", "ARM_cacheflush", "ARM_set_tls", "ARM_get_tls"],
        *["signal 5", "signal 11", "ARM_0xf0007", "signal 4"],
        *["syscall_9999", "restart_syscall", "exit"],
    ]
    assert process["kinds"].count("sigreturn") == 7
    numbers = [number for number, _ in process["ir"]]
    assert 0x123456 ^ OABI_BASE in numbers
    sites = [site for _, site in process["ir"]]
    assert len(set(sites)) == len(sites) - 6  # sigreturn is the only one that was made twice


def test_calls_that_restart_never_return_or_return_twice(tmp_path: Path) -> None:
    child, *others = sorted(streams("restarts", "mixed", tmp_path), key=lambda p: len(p["kinds"]))
    vforked, parent = others
    # A read that restarts is two traps at one place; the one that is interrupted is one.
    reads = [site for kind, (_, site) in zip(parent["kinds"], parent["loop"], strict=True)
             if kind == "read"]  # fmt: skip
    assert len(reads) == 3
    assert reads[0] == reads[1]
    # Both children begin with what the parent had, and the trap of the fork is in both once.
    for process, call in ((child, "fork"), (vforked, "vfork")):
        shared = len(process["kinds"]) - 1
        assert process["kinds"][-2:] == [call, "exit"]
        assert process["loop"][:shared] == parent["loop"][:shared]
    # The program that took the parent's place goes on in the same stream.
    kinds = parent["kinds"]
    assert kinds[-5:] == ["execve", "write", "execve", "write", "exit"]
    assert kinds.count("sigreturn") == 2


@pytest.mark.parametrize("raising", ["hook", "on_trap"])
@pytest.mark.parametrize("mode", MODES)
def test_a_call_that_a_raised_exception_holds_is_one_trap(mode: str, raising: str) -> None:
    backend, tier, chain = MODES[mode]
    process = Process(
        str(guest("swi_kinds")), env={}, backend=backend, options=BackendOptions(tier=tier, hot=2, background=False),
        chain=chain, passes=[SwiTrace(sites=True)],
    )  # fmt: skip
    sites: list[int] = []

    def trap(immediate: int, site: int, request: Request | IllegalTrap) -> None:
        sites.append(site)
        if raising == "on_trap":
            raise StopRequested(str(request))

    def stop(event: SyscallEvent) -> None:
        raise StopRequested(event.name)

    process.kernel.on_trap = trap
    if raising == "hook":
        process.hooks.on_syscall(None, stop)
    stops = [process.run()]
    while isinstance(stops[-1], Requested) and len(stops) < 100:
        stops.append(process.run())
    assert stops[-1] == Exited(STATUS["swi_kinds"])
    assert len(stops) > 20
    assert sites == [site for _, site in recorded(process.stacks)]
    assert len(sites) == process.counters["swi"]
    process.close()
