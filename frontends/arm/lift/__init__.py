"""The lifter of ARM state: one mixin per family of instructions, one method per table row."""

from typing import Any

from dbt.decode.table import Row
from frontends.arm.encodings import A32
from frontends.arm.lift.binding import bind
from frontends.arm.lift.branch import Branches
from frontends.arm.lift.data_processing import DataProcessing
from frontends.arm.lift.media import Media
from frontends.arm.lift.memory import Memory
from frontends.arm.lift.multiply import Multiply
from frontends.arm.lift.simd import Simd
from frontends.arm.lift.system import System
from frontends.arm.lift.vfp import Vfp


class A32Lifter(DataProcessing, Multiply, Media, Memory, Branches, System, Vfp, Simd):
    """Lifts every row of the A32 table."""

    table = A32

    def lift_row(self, row: Row, fields: tuple[Any, ...]) -> None:
        """Lift an instruction of a row."""
        A32_METHODS[row.name](self, *fields)


A32_METHODS = bind(A32, A32Lifter)
