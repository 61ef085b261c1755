"""What options are refused with: the value, the choices, and what was probably meant."""

import math
import subprocess
import sys

import pytest

from dbt import choices
from dbt.stops import UsageError


def test_a_refusal_names_the_value_the_choices_and_what_was_meant() -> None:
    with pytest.raises(UsageError) as told:
        choices.one_of("tier", "Auto", ("0", "1", "2", "auto"))
    assert str(told.value) == "no tier 'Auto'; did you mean 'auto'? (one of 0, 1, 2, auto)"


def test_nothing_is_guessed_where_nothing_is_close() -> None:
    with pytest.raises(UsageError) as told:
        choices.one_of("tier", "fast", ("0", "1", "2", "auto"))
    assert str(told.value) == "no tier 'fast' (one of 0, 1, 2, auto)"


def test_swapped_letters_are_likelier_than_others() -> None:
    with pytest.raises(UsageError, match="did you mean 'EIO'"):
        choices.one_of("error", "EOI", ("ENOCSI", "EIO", "EOF", "EI"))


def test_many_choices_are_not_listed() -> None:
    known = [f"call{number}" for number in range(choices.SHOWN + 1)]
    assert str(choices.unknown("call", "cal7", known)) == "no call 'cal7'; did you mean 'call7'?"


@pytest.mark.parametrize(
    "given", ["x" * 10_000_000, b"\0" * 10_000_000, ["x" * 1000] * 10, "\x1b[2J"]
)
def test_a_long_or_hostile_value_is_cut_and_escaped(given: object) -> None:
    text = str(choices.unknown("symbol", given, ["main"]))
    assert len(text) < 200
    assert text.isprintable()


@pytest.mark.parametrize(
    "given", [True, "2", 2.0, None, -1, 11, int, pytest.param(10**5000, id="huge")]
)
def test_a_whole_number_is_one_in_its_range(given: object) -> None:
    assert choices.whole("hot", 10, most=10) == 10
    with pytest.raises(UsageError, match="hot is "):
        choices.whole("hot", given, most=10)


@pytest.mark.parametrize(
    "given", [True, "2", math.nan, -0.1, -math.inf, pytest.param(10**400, id="huge")]
)
def test_a_time_is_a_number_that_is_not_negative(given: object) -> None:
    assert choices.seconds("timeout", math.inf) is None
    assert choices.seconds("timeout", 0) == 0.0
    with pytest.raises(UsageError, match="timeout is a number of seconds, 0 or more, not "):
        choices.seconds("timeout", given)


class Mute:
    def __repr__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize("given", [-(10**5000), [10**5000], Mute()], ids=["number", "list", "mute"])
def test_what_has_no_text_is_refused_by_its_class(given: object) -> None:
    with pytest.raises(UsageError, match=f"x is .*, not <{type(given).__name__}>"):
        choices.whole("x", given)
    with pytest.raises(UsageError, match="no tier <"):
        choices.one_of("tier", given, ["0"])
    with pytest.raises(UsageError) as told:
        choices.whole("x", -(10**5000), most=9)
    assert len(str(told.value)) < 200


def test_a_function_is_one_that_takes_what_it_is_given() -> None:
    choices.function("a hook", print, "event")
    choices.function("a hook", lambda *all: None, "event")
    with pytest.raises(UsageError) as told:
        choices.function("a hook", lambda: None, "event")
    assert str(told.value) == "a hook is called with (event), but <lambda> takes ()"
    with pytest.raises(UsageError, match="a hook is a function, not 'print'"):
        choices.function("a hook", "print", "event")


def test_start_up_does_without_what_only_refusals_need() -> None:
    code = "import sys, dbt.process.facade; sys.exit('difflib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
