"""The lifting methods of Advanced SIMD, which both instruction sets have."""

from frontends.arm.encodings import neon
from frontends.arm.lift.binding import bind
from frontends.arm.lift.neon_estimate import NeonEstimate
from frontends.arm.lift.neon_memory_lanes import NeonMemoryLanes
from frontends.arm.lift.neon_permute import NeonPermute
from frontends.arm.lift.neon_shifts import NeonShifts
from frontends.arm.lift.neon_unary import NeonUnary
from frontends.arm.lift.neon_v8 import NeonV8
from frontends.arm.lifter import Lifter


class Neon(NeonPermute, NeonMemoryLanes, NeonShifts, NeonUnary, NeonV8, NeonEstimate):
    """One method per row of ``encodings/neon.py``. It lifts one instruction in the place of another
    lifter, to the same block. None of them reads r15 or ends the block."""

    def __init__(self, lifter: Lifter) -> None:
        super().__init__(lifter.block)
        self.ir, self.mode = lifter.ir, lifter.mode


METHODS = bind(neon.a32(), Neon)
