"""``armdbt passes``: what can be given to ``-p``, and the optimisation pipeline."""

import argparse
import sys

HELP = "list passes and the optimisation pipeline"


def options(parser: argparse.ArgumentParser) -> None:
    """This command has none."""


def run(arguments: argparse.Namespace) -> int:  # noqa: ARG001
    """Print the lists; the exit status."""
    from dbt.report import print_passes

    print_passes(sys.stdout)
    return 0
