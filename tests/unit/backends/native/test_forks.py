"""Forks while another thread imports, or holds a lock that the child needs.

Each case runs in a fresh interpreter: ``amid`` returns in a thread that holds something, a fork
begins, and only then the thread goes on. The child needs the same thing.
"""

import subprocess
import sys

import pytest

FRAME = """
import os, signal, sys, threading, time
from importlib.machinery import SourceFileLoader
amid, forking = threading.Event(), threading.Event()

def pause():
    if threading.current_thread() is not threading.main_thread():
        amid.set()
        assert forking.wait(60)
        time.sleep(0.2)  # a fork that does not wait is over now

{case}

thread = threading.Thread(target=hold)
thread.start()
assert amid.wait(60)
os.register_at_fork(before=forking.set)
child = os.fork()
if child == 0:
    signal.alarm(30)  # should it wait for ever
    status = 1
    try:
        need()
        status = 0
    finally:
        os._exit(status)
thread.join()
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
need()  # nothing is held in the parent, either
sys.exit(status)
"""

IMPORT = """
import backends.native.llvm
execute = SourceFileLoader.exec_module
def slow(loader, module):
    if module.__name__ == {module!r}:
        pause()
    execute(loader, module)
SourceFileLoader.exec_module = slow
hold = need = lambda: __import__({module!r})
"""

CASES = {
    "an import of LLVM": IMPORT.format(module="llvmlite.binding.targets"),
    "an import of ours": IMPORT.format(module="backends.numba_jit.stencils.maker"),
    "numba's lock": """
import backends.native.llvm
from numba.core.compiler_lock import global_compiler_lock
def hold():
    with global_compiler_lock:
        pause()
need = lambda: global_compiler_lock.acquire() or global_compiler_lock.release()
""",
    "the lock of the loop": """
import backends.numba_jit as backend
def hold():
    with backend._loading:
        pause()
need = lambda: backend._load_loop(print)
""",
    "the lock of the handler of signals": """
from backends.native import guard
from dbt.runtime.memory import GuestMemory
def hold():
    with guard._making:
        pause()
need = lambda: guard.Watched(GuestMemory())
""",
    "what a maker of stencils computes once": """
from backends.numba_jit.stencils import maker
new = maker.ObjectMaker
def slow():
    pause()
    return new()
maker.ObjectMaker = slow
def hold():
    maker.Maker.__new__(maker.Maker)._object_maker
need = hold
""",
}


@pytest.mark.parametrize("case", CASES)
def test_a_child_can_do_what_another_thread_was_amid(case: str) -> None:
    script = FRAME.format(case=CASES[case])
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("module", "patience"),
    [("mailbox", "forks.PATIENCE = 1000"), ("numba", "forks.PATIENCE = 0.1")],
)
def test_who_imports_for_long_is_not_waited_for(module: str, patience: str) -> None:
    """The module may be one of the user's that runs a server. Ours are waited for a while."""
    case = (
        IMPORT.format(module=module)
        + f"""
from backends.native import forks
{patience}
need = lambda: None
forking.set = lambda: None
"""
    )
    script = FRAME.format(case=case).replace("thread.join()", "threading.Event.set(forking)")
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_forks_of_several_threads() -> None:
    """None waits for another one for ever."""
    script = """
import os, threading
import backends.numba_jit, backends.native.guard, backends.numba_jit.units.background
import numba.core.compiler_lock, llvmlite.binding
def fork():
    for _ in range(50):
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
threads = [threading.Thread(target=fork) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
