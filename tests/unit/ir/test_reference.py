"""``docs/ir.md`` says what the code says."""

from pathlib import Path

from dbt.ir.ops import OPS
from dbt.ir.reference import reference

PAGE = Path(__file__).parents[3] / "docs" / "ir.md"


def test_page_is_current() -> None:
    assert PAGE.read_text() == reference(), "run python -m dbt.ir.reference > docs/ir.md"


def test_every_op_has_a_row() -> None:
    page = reference()
    assert all(f"| `{name}` |" in page for name in OPS)
