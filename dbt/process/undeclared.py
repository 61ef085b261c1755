"""What stands for the type of a result that was not declared."""

from dbt.typing import Any

UNSIGNED: Any = type("unsigned word", (), {"__repr__": lambda _: "unsigned word"})()
"""The result is an unsigned number of 32 bits."""
