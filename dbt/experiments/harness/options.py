"""Options of the command line that several laboratories have."""

import argparse
from collections.abc import Sequence

from dbt.stops import UsageError


def positive(text: str) -> int:
    """The type of an option that is a number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no positive number")
    return int(text)


def listed(text: str, known: Sequence[str], option: str) -> tuple[str, ...]:
    """The names in ``A,B``. Raises UsageError for a name that is not in ``known``."""
    names = tuple(text.split(","))
    for name in names:
        if name not in known:
            raise UsageError(f"{option} takes some of {','.join(known)}, not {name!r}")
    return names


def result_options(parser: argparse.ArgumentParser) -> None:
    """Add the files that results are written to."""
    parser.add_argument("--json", metavar="FILE", help="write everything there")
    parser.add_argument("--markdown", metavar="FILE", help="write the tables there")


def cluster_options(parser: argparse.ArgumentParser) -> None:
    """Add the cluster that rounds run on (``cluster.py``)."""
    parser.add_argument("--cluster", metavar="ADDRESS|local:N", help="run rounds side by side on "
        "workers of dask.distributed")  # fmt: skip


def plot_options(parser: argparse.ArgumentParser) -> None:
    """Add the directory and the format of plots."""
    add = parser.add_argument
    add("--plot", metavar="DIR", help="draw plots there (needs matplotlib)")
    add("--plot-format", choices=("svg", "png"), default="svg", help="of the plots (svg)")


def program_options(parser: argparse.ArgumentParser) -> None:
    """Add the guest program with its root and arguments."""
    add = parser.add_argument
    add("-L", dest="root", metavar="ROOT", help="the guest's /: its interpreter and libraries")
    add("program", metavar="PROG", nargs="?", help="the guest program (the bundled demo.elf)")
    add("args", metavar="ARGS", nargs=argparse.REMAINDER).required = False
