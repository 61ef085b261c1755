"""Runs a program under Unicorn, as a command of its own (``commands.main_of``). What Unicorn lacks
is told on standard error, and the status is 125."""

import sys
from collections.abc import Sequence

from dbt.experiments.harness.guest_run import Program
from dbt.experiments.peers import load_image, unicorn

LACKING = 125


def main(argv: Sequence[str]) -> int:
    """Run the program to its end; its exit status."""
    image = load_image(Program(argv[0], tuple(argv[1:])))
    seen = unicorn.watch(image, "none", {}, lambda _: None)
    sys.stdout.buffer.write(seen.output)
    if seen.unsupported or seen.status is None:
        print(f"unsupported: {', '.join(seen.unsupported) or 'its end'}", file=sys.stderr)
        return LACKING
    return seen.status
