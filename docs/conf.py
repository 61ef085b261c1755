"""The site: `make site` makes it of the pages in `docs` and of the docstrings.

The root of the tree is the source directory, so that links between pages, and to files of the code,
are the same here and wherever the tree is looked at. Nothing is fetched.
"""

import ast
import contextlib
import functools
import importlib
import inspect
import io
import os
import re
import sys
import types
import typing
from pathlib import Path

import attrs
from pygments.lexers.data import JsonLexer
from pygments.lexers.python import PythonLexer
from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx
from sphinx.util.typing import stringify_annotation

ROOT = Path(__file__).parents[1]
os.environ["COLUMNS"] = "100"  # of the options' descriptions
sys.path.insert(0, str(ROOT))
# Annotations mean something here, and classes have their methods at once.
sys.modules["dbt.typing"] = typing
sys.modules["dbt.classes"] = types.ModuleType("dbt.classes")
sys.modules["dbt.classes"].attrs = attrs

import dbt  # noqa: E402

project = "armdbt"
author = "The armdbt developers"
copyright = f"2026, {author}. MIT licence"
release = version = dbt.__version__

root_doc = "docs/index"
include_patterns = ["*.md", "docs/**.md"]
exclude_patterns = [".*", "build", "dist", "tests", "benchmarks", "dbt", "frontends", "backends"]
extensions = ["myst_parser", "sphinx.ext.autodoc"]
html_theme = "furo"
html_title = f"armdbt {release}"
html_copy_source = False
html_additional_pages = {"index": "to_the_first_page.html"}
templates_path = ["_templates"]

myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]
pygments_style = "friendly"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
toc_object_entries = False
html_show_sourcelink = False

nitpicky = True
nitpick_ignore_regex = [
    # The standard library and NumPy have sites of their own, which are not asked.
    (
        "py:.*",
        r"(typing|collections|types|os|enum|ctypes|argparse|np|numpy|pandas|distributed)\..*",
    ),
    # What users get and give, but do not make or look into.
    ("py:class", r"dbt\.process\.debugging\.Debuggee|dbt\.syscalls\.SyscallAbi"),
    ("py:class", r"dbt\.hooks\.(follow\..*|mechanisms\.base\.Machine)"),
    ("py:class", r"dbt\.hooks\.(faults\.(Target|Rule)|callbacks\.callback\.Host)"),
    ("py:class", r"dbt\.interfaces\.backend\.Backend|dbt\.ir\.layout\.Layout|Sink|Condition|Value"),
]


def _commands() -> str:
    """What each command prints for ``--help``, with a heading."""
    from dbt.commands.bench import KINDS
    from dbt.parser import COMMANDS, parser_of

    parts = []
    for words in [*((name,) for name in COMMANDS), *(("bench", kind) for kind in KINDS)]:
        with contextlib.redirect_stdout(io.StringIO()) as shown, contextlib.suppress(SystemExit):
            arguments = parser_of(words[0]).parse_args([*words, "--help"])
            arguments.command(arguments)  # kinds of ``bench`` have parsers of their own
        parts.append(f"## armdbt {' '.join(words)}\n\n```text\n{shown.getvalue()}```\n")
    return "\n".join(parts)


def _read(_app: Sphinx, page: str, source: list[str]) -> None:
    """Give a page a heading that has none: tables that laboratories have made. Fill the page of
    the command line."""
    if not re.search(r"^# ", source[0], re.MULTILINE):
        source[0] = f"# {page.rpartition('/')[2]}\n\n{source[0]}"
    if page == "docs/api/command-line":
        source[0] += f"\n{_commands()}"
    if page == "docs/index":
        here = {path.stem for path in (ROOT / "docs").glob("*.md")} - {"index"}
        if others := sorted(name for name in here if not re.search(rf"^{name}$", source[0], re.M)):
            source[0] += "\n".join(["", "```{toctree}", ":caption: More", *others, "```", ""])


@functools.cache
def _names_of_annotations(module: str) -> None:
    """Have a module import what it imports for type checkers alone: annotations are links then."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    for block in tree.body:
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING":
            for line in block.body:
                for alias in line.names if isinstance(line, ast.ImportFrom) else ():
                    with contextlib.suppress(ImportError):  # a library that is not installed
                        found = getattr(importlib.import_module(line.module), alias.name)
                        setattr(sys.modules[module], alias.asname or alias.name, found)


def _before_signature(_app: Sphinx, documented: object, _bound: bool) -> None:
    module = getattr(documented, "__module__", "")
    if module.startswith("dbt."):
        _names_of_annotations(module)


def _signature(
    _app: Sphinx, _what: str, _name: str, documented: object, _options: object,
    signature: str | None, returns: str | None,
) -> tuple[str | None, str | None]:  # fmt: skip
    """Show the fields of a class that attrs makes with their own types and defaults: converters
    take anything."""
    if signature not in {None, "()"} and isinstance(documented, type) and attrs.has(documented):
        fields = [field for field in attrs.fields(documented) if field.init]
        signature = f"({', '.join(map(_field, fields))})"
    return signature, returns


def _field(field: "attrs.Attribute[object]") -> str:
    kind = stringify_annotation(field.type)
    if field.default is attrs.NOTHING:
        return f"{field.alias}: {kind}"
    made = isinstance(field.default, attrs.Factory) or callable(field.default)
    return f"{field.alias}: {kind} = {'...' if made else repr(field.default)}"


def _as_a_picture(
    _app: Sphinx, what: str, name: str, _object: object, _options: object, lines: list[str]
) -> None:
    """Show what is behind the first sentence of a pass as it is written: IR before and after."""
    if what == "module" and name.startswith("dbt.instrument."):
        first, rest = lines[:1], lines[1:]
        lines[:] = [*first, "", ".. code-block:: text", "", *(f"   {line}" for line in rest)]


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    for name in ("gdb", "told", "report", "output"):
        app.add_lexer(name, TextLexer)
    for name in ("tool", "handler"):
        app.add_lexer(name, PythonLexer)
    app.add_lexer("jsonl", JsonLexer)
    app.connect("autodoc-process-docstring", _as_a_picture)
    app.connect("autodoc-process-signature", _signature)
    app.connect("source-read", _read)
    app.connect("autodoc-before-process-signature", _before_signature)
