"""A warm start imports what a run needs, and little else."""

import os
import subprocess
import sys
from pathlib import Path

from support.guests import guest

SCRIPT = """
import atexit, sys
from armdbt import main
atexit.register(lambda: print(*sorted(sys.modules), file=sys.stderr))
sys.argv = ["armdbt", "run", *sys.argv[1:]]
main()
"""
COMPILERS = {"numba", "llvmlite", "numpy", "backends.numba_jit.loop", "backends.numba_jit.making"}
"""What code is made with that is on disk."""
PARTS = {
    "dbt.commands.calls", "dbt.commands.spy", "dbt.decode.table", "dbt.execute", "dbt.experiments",
    "dbt.hooks.callbacks.events", "dbt.hooks.faults", "dbt.hooks.follow.tracker",
    "dbt.hooks.mechanisms", "dbt.hooks.points.conditions", "dbt.ir.builder", "dbt.ir.evaluate",
    "dbt.ir.ops", "dbt.ir.printer",
    "dbt.ir.symbolic", "dbt.ir.verifier", "dbt.linux.strace", "dbt.linux.typed.decode",
    "dbt.loader.symbols", "dbt.passes", "dbt.process.crash_report", "dbt.spy",
    "backends.numba_jit.stencils.maker",
    "backends.numba_jit.stencils.stencil_text", "backends.numba_jit.stencils.template",
    "backends.numba_jit.units.compiler", "backends.numba_jit.units.objects",
    "frontends.arm.encodings", "frontends.arm.lift", "frontends.arm.lifting",
}  # fmt: skip
"""Of armdbt, what few runs need."""
LIBRARIES = {
    "argparse", "attrs", "capstone", "elftools", "email", "enum", "hashlib", "importlib.metadata", "inspect", "json",
    "locale", "math", "pathlib", "random", "re", "rich",
    "shutil", "signal", "socket", "tempfile", "typing",
}  # fmt: skip
"""Of others, what takes milliseconds to import and serves none of the modules that are left."""


def run(tmp_path: Path) -> tuple[str, set[str]]:
    """Run a program. Returns what it has written, and the modules that were imported."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(guest("hello"))],
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
        capture_output=True, text=True, check=True, timeout=600,
    )  # fmt: skip
    return done.stdout, set(done.stderr.split())


def test_a_warm_start_imports_little(tmp_path: Path) -> None:
    run(tmp_path)  # makes what is not on disk yet
    output, modules = run(tmp_path)
    assert output
    assert "backends.numba_jit.executor" in modules
    assert not modules & (COMPILERS | PARTS | LIBRARIES)
