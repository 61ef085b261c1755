"""The system calls whose modules are imported when the guest makes one."""

import subprocess
import sys

from dbt.linux import calls
from dbt.linux.kernel import load_families
from dbt.linux.table import SYSCALLS

SCRIPT = """
import sys
from dbt.linux import calls
assert "dbt.linux.calls.inotify" not in sys.modules
assert calls.entry("inotify_init").handler.__module__ == "dbt.linux.calls.inotify"
assert calls.entry("inotify_init1") is calls.SYSCALLS["inotify_init1"]
assert calls.entry("no such call") is None
assert "dbt.linux.calls.epoll" not in sys.modules
"""


def test_the_calls_of_each_module_are_those_that_it_registers() -> None:
    load_families()
    there: dict[str, list[str]] = {name: [] for name in calls.RARE}
    for name, entry in SYSCALLS.items():
        module = entry.handler.__module__.removeprefix("dbt.linux.calls.")
        if module in there:
            there[module].append(name)
    assert there == calls.RARE


def test_a_module_is_imported_when_a_call_is_asked_for() -> None:
    subprocess.run([sys.executable, "-c", SCRIPT], check=True, timeout=600)
