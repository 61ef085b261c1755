"""Finds passes by name, and makes them from a spelling: ``call-count``, ``swi-filter{allow=exit}``.

A registered pass is a frozen attrs class. Its fields are its options, except those whose metadata
has ``{"option": False}``. A plug-in's module is found by entry point, group ``dbt.passes``.
"""

import importlib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

from dbt import choices, plugins
from dbt.classes import attrs
from dbt.interfaces import PLACES, Pass
from dbt.stops import UsageError

HOMES = ("dbt.passes", "dbt.instrument")
"""Packages whose modules register the passes that come with the translator."""

_PASSES: dict[str, type[Any]] = {}
_SPELLING = re.compile(r"([a-z][\w-]*)(?:\{(.*)\})?")
_WORDS = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}

P = TypeVar("P", bound=type[Any])


def register(name: str) -> Callable[[P], P]:
    """Class decorator that registers a pass as ``name``. Raises ValueError when it is taken."""

    def add(class_: P) -> P:
        holder = _PASSES.get(name, class_)
        if (holder.__module__, holder.__qualname__) != (class_.__module__, class_.__qualname__):
            raise ValueError(f"{holder.__module__} and {class_.__module__} both register {name!r}")
        _PASSES[name] = class_
        return class_

    return add


def registered() -> Mapping[str, type[Any]]:
    """All pass classes by name, those of plug-ins included.

    Raises UsageError when two plug-ins have one name, or one cannot be imported.
    """
    import pkgutil  # few need it

    for home in HOMES:
        package = importlib.import_module(home)
        for module in pkgutil.iter_modules(package.__path__, home + "."):
            importlib.import_module(module.name)
    for name, point in plugins.available("dbt.passes").items():
        try:
            point.load()
        except (ImportError, AttributeError, ValueError) as error:
            raise UsageError(f"plug-in {name} ({point.value}): {error}") from error
    return _PASSES


def name_of(pass_: Pass) -> str:
    """The registered name of a pass, or its class's name."""
    for name, class_ in _PASSES.items():
        if class_ is type(pass_):
            return name
    return type(pass_).__name__


def parse_passes(spellings: Iterable[str | Pass] | str) -> list[Pass]:
    """One pass per spelling. A pass may be given in place of one. Raises UsageError."""
    return [_made(given) for given in choices.several("passes", spellings)]


def _made(given: Any) -> Pass:
    if isinstance(given, str):
        return parse_pass(given)
    if isinstance(given, type):
        raise UsageError(f"a pass is made by its class: {given.__name__}(), not {given.__name__}")
    if not callable(getattr(given, "run", None)):
        raise UsageError(f"a pass has a method run(block); {choices.shown(given)} has none")
    if type(given).__module__.startswith(HOMES):  # the rest is checked by tests
        return cast(Pass, given)
    choices.function(f"run of pass {type(given).__name__}", given.run, "block")
    if hasattr(given, "place"):
        choices.one_of(f"place of pass {type(given).__name__}", given.place, PLACES)
    made: Pass = given
    return made


def parse_pass(spelling: str) -> Pass:
    """The pass that ``name`` or ``name{option=value,...}`` spells. Raises UsageError."""
    match = _SPELLING.fullmatch(spelling.strip())
    if not match:
        raise UsageError(f"a pass is spelled name{{option=value,...}}, not {spelling!r}")
    name, options = match[1], match[2]
    class_ = _PASSES.get(name) or registered().get(name)
    if class_ is None:
        raise choices.unknown("pass", name, sorted(_PASSES))
    try:
        made: Pass = class_(**_options(name, class_, options or ""))
    except (TypeError, ValueError) as error:
        raise UsageError(f"{spelling}: {error}") from None
    return made


def spell(pass_: Pass) -> str:
    """The spelling of a pass, with the options that differ from their defaults."""
    options = []
    for field in _fields(type(pass_)).values():
        value = getattr(pass_, field.name)
        if value != field.default:
            text = "+".join(map(str, value)) if isinstance(value, tuple) else str(value)
            options.append(f"{field.name.replace('_', '-')}={text}")
    return name_of(pass_) + (f"{{{','.join(options)}}}" if options else "")


def _fields(class_: type[Any]) -> dict[str, "attrs.Attribute[Any]"]:
    fields = attrs.fields(class_)
    return {field.name: field for field in fields if field.metadata.get("option", True)}


def _options(name: str, class_: type[Any], text: str) -> dict[str, object]:
    fields = _fields(class_)
    options: dict[str, object] = {}
    for part in filter(None, text.split(",")):
        key, equals, value = part.partition("=")
        field = fields.get(key.strip().replace("-", "_"))
        if field is None:
            known = [known.replace("_", "-") for known in fields]
            if not known:
                raise UsageError(f"pass {name} takes no options, not {choices.shown(part)}")
            raise UsageError(f"pass {name}: {choices.unknown('option', key.strip(), known)}")
        options[field.name] = _convert(name, field, value.strip() if equals else "true")
    return options


def _convert(name: str, field: "attrs.Attribute[Any]", text: str) -> object:
    if isinstance(field.default, bool):
        if text.lower() not in _WORDS:
            raise UsageError(f"option {field.name} of {name} is true or false, not {text!r}")
        return _WORDS[text.lower()]
    if isinstance(field.default, int) or field.type is int:
        try:
            return int(text, 0)
        except ValueError:
            raise UsageError(f"option {field.name} of {name} is a number, not {text!r}") from None
    return text
