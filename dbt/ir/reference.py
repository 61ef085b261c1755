"""The reference of the IR as Markdown: ``python -m dbt.ir.reference > docs/ir.md``."""

import inspect
import sys
import textwrap
from collections.abc import Iterator

from dbt.ir import block, printer, verifier
from dbt.ir.ops import MOST_ARGUMENTS, OPS, Effect, Op
from dbt.ir.types import TYPES

_EXITS = (
    block.Goto,
    block.Branch,
    block.Jump,
    block.Call,
    block.Return,
    block.Swi,
    block.Hook,
    block.Halt,
)


def reference() -> str:
    """The whole page."""
    return "\n".join([*_head(), *_text_form(), *_types(), *_ops(), *_exits(), *_law()]) + "\n"


def _head() -> Iterator[str]:
    yield "# The intermediate representation"
    yield ""
    yield "Generated from `dbt/ir` by `python -m dbt.ir.reference > docs/ir.md`; do not edit."
    yield "What each op computes is defined by `dbt/ir/evaluate.py`."
    yield ""
    yield "A block has a key (a pc and mode bits), a flat list of instructions over SSA values, and"
    yield "one exit. Guest state lives in slots that the frontend declares."
    yield ""


def _text_form() -> Iterator[str]:
    yield f"## Text form, version {printer.IR_VERSION}"
    yield ""
    for paragraph in inspect.cleandoc(printer.__doc__ or "").split("\n\n"):
        code = paragraph.startswith("    ")
        yield f"```\n{textwrap.dedent(paragraph)}\n```" if code else paragraph
        yield ""


def _types() -> Iterator[str]:
    yield "## Types"
    yield ""
    yield "| type | bits | bytes in guest memory |"
    yield "| --- | --- | --- |"
    for type_ in TYPES.values():
        yield f"| `{type_}` | {type_.bits} | {type_.bytes} |"
    yield ""


def _ops() -> Iterator[str]:
    yield "## Ops"
    yield ""
    yield "`T` is one integer type throughout a row, `F` one floating type, `V` one type of"
    yield "vectors, `A` any type, `S` the slot's type, `R` a type written on the result,"
    yield f"`I*` up to {MOST_ARGUMENTS} operands of any integer type each."
    yield "Ops whose `when` column has a mark may be predicated."
    yield ""
    yield "| op | operands | result | effects | when | meaning |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for op in OPS.values():
        yield _row(op)
    yield ""


def _row(op: Op) -> str:
    operands = " ".join([*(f"*{name}*" for name in op.imm), ", ".join(op.args)]).strip()
    effects = ", ".join(
        str(effect.name).lower().replace("_", " ") for effect in Effect if effect in op.effects
    )
    cells = [
        f"`{op}`",
        operands,
        op.result or "",
        "pure" if op.pure else effects,
        "x" if op.conditional else "",
        op.doc.replace("|", "\\|"),
    ]
    return "| " + " | ".join(cells) + " |"


def _exits() -> Iterator[str]:
    yield "## Exits"
    yield ""
    yield "Indirect targets are *locations*, of which some bits may be state; direct targets are"
    yield "block keys, written `pc` or `pc@mode`."
    yield ""
    for exit_ in _EXITS:
        yield f"- **{exit_.__name__}**: {' '.join(inspect.cleandoc(exit_.__doc__ or '').split())}"
    yield ""


def _law() -> Iterator[str]:
    yield "## The law"
    yield ""
    lines = inspect.cleandoc(verifier.__doc__ or "").splitlines()
    yield from lines[2:]


if __name__ == "__main__":
    sys.stdout.write(reference())
