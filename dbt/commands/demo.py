"""``armdbt demo``: the main job on a bundled program."""

import argparse

HELP = "intercept calls and system calls of a small program"
EXAMPLES = (
    ("armdbt demo", "two tables"),
    ("armdbt demo --json FILE", "the same as JSON"),
)


def options(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("--json", metavar="FILE", help="also write the table as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Run the demonstration; the exit status."""
    from dbt.demo import run_demo

    return run_demo(arguments.json)
