"""``armdbt passes``: what can be given to ``-p``, and the optimisation pipeline."""

import argparse

import attrs

HELP = "list passes and the optimisation pipeline"
EXAMPLES = (
    ("armdbt passes", "all of them"),
    ("armdbt run -p 'shadow-stack{trap=yes}' PROG", "run with one that has an option"),
    ("armdbt run --no-pass dead-code PROG", "optimise without another"),
)


def options(parser: argparse.ArgumentParser) -> None:
    """This command has none."""


def run(arguments: argparse.Namespace) -> int:  # noqa: ARG001
    """Print instrumentation passes by name with their options, then the optimisation pipeline in
    order, frontends and backends; the exit status."""
    from dbt import plugins
    from dbt.passes.pipeline import Pipeline
    from dbt.passes.registry import registered

    optimisations = Pipeline.default().names()
    print("instrumentation passes (-p NAME{OPTION=VALUE,…}):")
    for name, class_ in sorted(registered().items()):
        if name not in optimisations:
            print(f"  {name + _options(class_):<24} {_summary(class_)}")
    print("optimisation pipeline, in order (--no-pass NAME):")
    for name in optimisations:
        print(f"  {name:<24} {_summary(registered()[name])}")
    for group in plugins.GROUPS[:2]:
        print(f"{group}: {', '.join(sorted(plugins.available(group)))}")
    return 0


def _options(class_: type) -> str:
    """The options of a pass in braces; empty when it has none."""
    fields = attrs.fields(class_)
    names = [field.name for field in fields if field.metadata.get("option", True)]
    return f"{{{', '.join(names)}}}" if names else ""


def _summary(class_: type) -> str:
    return (class_.__doc__ or "").strip().partition("\n")[0]
