"""What the core asks of a pass."""

from typing import Protocol

from dbt.ir.block import Block


class Pass(Protocol):
    """One rewrite of a block in place. Fields of the (frozen attrs) class are its options."""

    def run(self, block: Block) -> None: ...
