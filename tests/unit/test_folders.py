"""Folders of unit tests are named as the packages whose modules they test."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "tests" / "unit"


def test_folders_are_named_as_packages() -> None:
    folders = {path.parent.relative_to(UNIT) for path in UNIT.glob("*/**/test_*.py")}
    assert len(folders) > 20
    assert [f for f in folders if not any((top / f).is_dir() for top in (ROOT, ROOT / "dbt"))] == []
