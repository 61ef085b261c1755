"""LLVM in forked processes."""

import os
import signal
import threading

from backends.numba_jit.units.objects import ObjectMaker


def test_a_child_compiles_whatever_another_thread_compiles() -> None:
    over = threading.Event()
    ObjectMaker().compile("define void @f() { ret void }", "quick")  # what is imported is whole

    def compile_until_over() -> None:
        while not over.is_set():
            ObjectMaker().compile("define void @f() { ret void }", "quick")

    thread = threading.Thread(target=compile_until_over)
    thread.start()
    try:
        for _ in range(10):
            child = os.fork()
            if child == 0:
                status = 1
                try:
                    signal.alarm(20)  # should it wait for ever
                    ObjectMaker().compile("define void @g() { ret void }", "quick")
                    status = 0
                finally:
                    os._exit(status)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        over.set()
        thread.join()
