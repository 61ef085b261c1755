"""``armdbt bench KIND``: the laboratories. Each kind is a folder of ``dbt/experiments``."""

import argparse
import importlib

from dbt import choices
from dbt.stops import UsageError
from dbt.text import examples

HELP = "measure: speed, growth, chaining, mechanisms of interception, callbacks; compare results"
EXAMPLES = (
    ("armdbt bench speed -L ROOT", "beside qemu-arm and others"),
    ("armdbt bench chaining --json FILE PROG ARGS", "what chaining is worth, kept as JSON"),
    ("armdbt bench compare OLD.json NEW.json", "is it more than noise?"),
    ("armdbt bench speed --help", "all options of a kind"),
)

KINDS = {
    "speed": ("speed.laboratory", "whole commands against qemu-arm and others"),
    "growth": ("growth.laboratory", "time and memory against amounts of code, targets, hooks"),
    "chaining": ("chaining.laboratory", "what chaining is worth, and denying it costs"),
    "interception": ("interception.laboratory", "mechanisms and peers against ground truth"),
    "callbacks": ("callbacks.laboratory", "a hook written once, at each of its prices"),
    "compare": ("reproduce.compare_runs", "does a second run differ by more than noise?"),
}
"""Name to the module of ``dbt.experiments``, and its summary. The module has ``options(parser)``
and ``run(arguments, results)``; the results are files that are open.

The module is imported when its kind is asked for: other commands do not pay for it."""


def options(parser: argparse.ArgumentParser) -> None:
    """Add this command's options: the kind, and what the kind's own parser is to read."""
    kinds = "; ".join(f"{name}: {summary}" for name, (_, summary) in KINDS.items())
    add = parser.add_argument
    add("kind", choices=tuple(KINDS), metavar="KIND", nargs="?", help=kinds)
    add("rest", nargs=argparse.REMAINDER, metavar="...", help="see KIND --help")
    parser.set_defaults(parser_class=type(parser), formatter_class=parser.formatter_class)


def whole_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of all kinds: what completes command lines knows them."""
    kinds = parser.add_subparsers(metavar="KIND")
    for kind, (name, summary) in KINDS.items():
        module = importlib.import_module(f"dbt.experiments.{name}")
        module.options(kinds.add_parser(kind, help=summary, allow_abbrev=False))


def run(arguments: argparse.Namespace) -> int:
    """Run the laboratory; the exit status."""
    if arguments.kind is None:
        raise UsageError(f"no kind{choices.listed(KINDS)}; see armdbt bench --help")
    name, summary = KINDS[arguments.kind]
    module = importlib.import_module(f"dbt.experiments.{name}")
    parser: argparse.ArgumentParser = arguments.parser_class(
        prog=f"armdbt bench {arguments.kind}",
        description=summary,
        epilog=examples(module.EXAMPLES),
        allow_abbrev=False,
        formatter_class=arguments.formatter_class,
    )
    module.options(parser)
    parsed = parser.parse_args(arguments.rest)
    from dbt.experiments.harness import cluster
    from dbt.experiments.harness.presentation import Results
    from dbt.interruption import caught

    with caught(), cluster.on(getattr(parsed, "cluster", None)), Results() as results:
        for option in ("json", "markdown"):
            results.open(option, getattr(parsed, option, None))  # not every kind has each
        return int(module.run(parsed, results))
