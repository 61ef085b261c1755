"""Run a guest and write down its system calls as both places see them; one file a process.

    python -m support.swi_streams OUT BACKEND TIER CHAIN PROGRAM

``OUT/PID.json`` holds ``loop``, the pairs (number, site) of every trap instruction for which the
execution loop was left, and ``ir``, those that the ``swi-trace`` pass kept. A child of fork begins
with what its parent had.
"""

import json
import os
import sys
from pathlib import Path

from dbt.hooks import SyscallEvent
from dbt.instrument.swi import SwiTrace, recorded
from dbt.interfaces import BackendOptions
from dbt.process import Process
from dbt.stops import Exited
from dbt.syscalls import IllegalTrap, Request


def main(out: str, backend: str, tier: str, chain: str, program: str) -> int:
    options = BackendOptions(tier=tier, hot=2, background=False)
    process = Process(
        program,
        env={},
        backend=backend,
        options=options,
        chain=chain,
        passes=[SwiTrace(sites=True)],
    )
    abi = process.kernel.abi
    loop: list[tuple[int, int]] = []
    kinds: list[str] = []

    def trap(immediate: int, site: int, request: Request | IllegalTrap) -> None:
        number = abi.immediate_number(immediate)
        loop.append((process.state[abi.number_slot] if number is None else number, site))
        kinds.append(request.name if isinstance(request, Request) else f"signal {request.signal}")

    def write(event: SyscallEvent) -> None:
        streams = {"loop": loop, "ir": recorded(process.stacks), "kinds": kinds}
        streams["counted"] = process.counters["swi"]
        Path(out, f"{os.getpid()}.json").write_text(json.dumps(streams))

    process.kernel.on_trap = trap
    process.hooks.on_syscall("exit", write)
    stop = process.run()
    return stop.status if isinstance(stop, Exited) else 125


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
