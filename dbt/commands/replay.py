"""``armdbt replay``: repeat a run that was recorded."""

from dbt.commands.plain import Options
from dbt.commands.process_options import make_replay, translation_options
from dbt.commands.run import run_options, run_process
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

HELP = "repeat a run that armdbt run --record has recorded"
EXAMPLES = (
    ("armdbt replay LOG", "repeat what armdbt run --record LOG has recorded"),
    ("armdbt replay -strace -D log LOG", "its system calls, into a file"),
    ("armdbt replay -g 1234 LOG", "with a debugger"),
)


def options(parser: Options) -> None:
    """Add this command's options."""
    translation_options(parser)
    run_options(parser)
    parser.add_argument("log", metavar="LOG")


def run(arguments: "argparse.Namespace") -> int:
    """Repeat the run; the exit status."""
    return run_process(make_replay, arguments)
