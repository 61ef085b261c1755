"""The lifting methods of Advanced SIMD, which both instruction sets have."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from dbt.decode.table import Row, Table
from frontends.arm.keys import THUMB
from frontends.arm.lift.binding import bind
from frontends.arm.lift.neon_core import NeonCore
from frontends.arm.lift.neon_estimate import NeonEstimate
from frontends.arm.lift.neon_float import NeonFloat
from frontends.arm.lift.neon_memory_lanes import NeonMemoryLanes
from frontends.arm.lift.neon_permute import NeonPermute
from frontends.arm.lift.neon_shifts import NeonShifts
from frontends.arm.lift.neon_unary import NeonUnary


class Neon(NeonPermute, NeonCore, NeonMemoryLanes, NeonShifts, NeonUnary, NeonFloat, NeonEstimate):
    """One method per row of ``encodings/neon*.py``."""

    def simd_table(self) -> Table:
        from frontends.arm.encodings import neon  # few programs need it

        return neon.t32() if self.mode & THUMB else neon.a32()

    def lift_simd(self, row: Row, fields: tuple[Any, ...]) -> None:
        if self.mode & THUMB:
            self.predicate(self.condition)
        _methods()[row.name](self, *fields)


@cache
def _methods() -> Mapping[str, Callable[..., None]]:
    from frontends.arm.encodings import neon

    return bind(neon.a32(), Neon)
