"""Advanced SIMD, as the lifters of both instruction sets have it: few programs need it, and what
lifts it takes a while to import."""

from typing import Any

from dbt.decode.table import Row, Table
from frontends.arm.keys import THUMB
from frontends.arm.lift.neon_core import NeonCore


class Simd(NeonCore):
    """Moves between core registers and lanes, and the way to all other rows."""

    def simd_table(self) -> Table:
        from frontends.arm.encodings import neon

        return neon.t32() if self.mode & THUMB else neon.a32()

    def lift_simd(self, row: Row, fields: tuple[Any, ...]) -> None:
        from frontends.arm.lift.neon import METHODS, Neon

        if self.mode & THUMB:
            self.predicate(self.condition)
        METHODS[row.name](Neon(self), *fields)
