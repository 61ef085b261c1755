"""Starts armdbt, and makes ``dbt`` its package where another distribution has one of that name.

A wheel has armdbt's packages in a directory of their own, which comes last on Python's path. So
``import dbt`` is dbt-core's package where that is installed, and armdbt's after ``import armdbt``.
One process has one of them. Raises ImportError when it has the other one already.

The command starts here: every start imports what this package imports.
"""

import gc
import os
import sys

HOME = os.path.dirname(os.path.dirname(__file__))
"""The directory that has this package, and ``dbt``, ``frontends`` and ``backends``."""


def _come_first() -> None:
    """Have Python find the packages in HOME before others of the same names."""
    imported = getattr(sys.modules.get("dbt"), "__file__", None)
    if imported and not os.path.samefile(imported, f"{HOME}/dbt/__init__.py"):
        raise ImportError(
            f"this process has another package dbt, {imported}: import armdbt before it"
        )
    if HOME in sys.path:
        sys.path.remove(HOME)
    sys.path.insert(0, HOME)


_come_first()


def main() -> int:
    """Run the command line in ``sys.argv``; the exit status."""
    gc.disable()  # until ``run`` says how often it collects
    from dbt.cli import main as run

    return run()
