"""Which files does a program open, and what does it do when reading fails half way?"""

import dbt
from dbt.hooks import SyscallEvent
from dbt.hooks.faults import FaultPlan

opened = set()


def leaving(event: SyscallEvent) -> None:
    opened.update(event.decoded.paths)


plan = FaultPlan.parse("read: EIO after 5")
with dbt.Process("tests/guests/failing.elf", env={}) as process:
    process.hooks.on_syscall(None, leaving, leaving=True)
    plan.attach(process)
    process.run()
print(sorted(opened), plan.report())
