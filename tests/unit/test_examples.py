"""Every ``--help`` has examples, and they are command lines that armdbt takes."""

import importlib
import shlex

import pytest

from dbt.commands.bench import KINDS
from dbt.parser import COMMANDS, EXAMPLES, parser_of


def helped(*words: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What ``armdbt WORDS --help`` prints."""
    parser = parser_of(*words[:1])

    def ask() -> None:
        arguments = parser.parse_args([*words, "--help"])
        arguments.command(arguments)

    with pytest.raises(SystemExit):
        ask()
    return capsys.readouterr().out


def taken(line: str) -> None:
    """Parse an example as its command would."""
    words = shlex.split(line.partition(" > ")[0])
    start = words.index("armdbt")  # behind ``timeout 10``
    name, *rest = words[start + 1 :]
    if "--help" in rest:
        return
    arguments = parser_of(name).parse_args([name, *rest])
    if name == "bench":
        module = importlib.import_module(f"dbt.experiments.{KINDS[arguments.kind][0]}")
        parser = arguments.parser_class(allow_abbrev=False)
        module.options(parser)
        parser.parse_args(arguments.rest)


@pytest.mark.parametrize(
    "words", [(), *((name,) for name in COMMANDS), *(("bench", kind) for kind in KINDS)], ids=str
)
def test_each_help_has_examples(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    _, _, text = helped(*words, capsys=capsys).partition("\nexamples:\n")
    lines = text.splitlines()
    assert len(lines) >= (1 if words[-1:] == ("compare",) else 2)
    for line in lines:
        example, separator, what = line.partition("  # ")
        assert separator
        assert what
        assert " ".join(("armdbt", *words)) in example or words == ("passes",)
        taken(example)


def test_those_without_a_command_name_several() -> None:
    assert len({line.split()[1] for line, _ in EXAMPLES}) > 1
