"""``armdbt explain``: every stage of one block, from guest bytes to host code."""

import argparse

from dbt.commands.process_options import make_process, process_options

HELP = "show every stage of one block"
EXAMPLES = (
    ("armdbt explain PROG main", "the first block of a function"),
    ("armdbt explain --tier 2 PROG 0x10400", "the block at an address, optimised"),
    ("armdbt explain -p call-count PROG main", "with what a pass adds"),
)


def options(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    process_options(parser)
    parser.add_argument("program", metavar="PROG")
    parser.add_argument("pc", metavar="PC", help="address or symbol")
    parser.set_defaults(args=[])


def run(arguments: argparse.Namespace) -> int:
    """Print the stages; the exit status."""
    with make_process(arguments) as process:
        stages = process.explain(arguments.pc)
    for stage, text in stages.items():
        print(f"-- {stage}\n{text.rstrip()}\n")
    return 0
