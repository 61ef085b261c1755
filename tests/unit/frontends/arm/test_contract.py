"""The ARM frontend; for the individual tests see ``tests/frontend_contract.py``."""

from frontend_contract import FrontendContract

from frontends.arm import ArmFrontend
from frontends.arm.keys import BIG, IT_SHIFT, THUMB


class TestArmFrontend(FrontendContract):
    plain = (0xE0811002).to_bytes(4, "little")  # add r1, r1, r2
    modes = (0, BIG)

    def make_frontend(self) -> ArmFrontend:
        return ArmFrontend()


class TestArmFrontendInThumbState(FrontendContract):
    plain = (0x1889).to_bytes(2, "little")  # adds r1, r1, r2
    modes = (THUMB, THUMB | BIG)
    changing_modes = tuple(THUMB | it << IT_SHIFT for it in (0x08, 0x18, 0x1C, 0xA5, 0xE8))

    def make_frontend(self) -> ArmFrontend:
        return ArmFrontend()
