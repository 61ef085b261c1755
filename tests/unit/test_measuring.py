"""What is measured runs in a defined world."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
MEASURING = [
    *(ROOT / "benchmarks").glob("*.py"),
    *(ROOT / "dbt" / "experiments").rglob("*.py"),
    ROOT / "dbt" / "demo.py",
]


def _made(path: Path) -> list[ast.Call]:
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    return [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "Process"]


def test_every_process_that_is_measured_is_given_its_environment() -> None:
    made = [(path.name, call) for path in MEASURING for call in _made(path)]
    assert len(made) > 5
    for name, call in made:
        given = {keyword.arg for keyword in call.keywords}
        assert given & {"env", None}, f"{name}, line {call.lineno}"
