"""Registers as gdb numbers them."""

from xml.etree import ElementTree

import pytest

from dbt.runtime.state import GuestState
from frontends.arm.debug_target import ArmTarget, debug_target
from frontends.arm.registers import LAYOUT

CPSR, D0 = 25, 26


def test_the_description_has_what_can_be_read() -> None:
    target = debug_target("")
    tree = ElementTree.fromstring(target.description)
    features = {feature.attrib["name"]: feature for feature in tree.iter("feature")}
    assert list(features) == [f"org.gnu.gdb.arm.{name}" for name in ("core", "vfp", "neon")]
    number, sizes = 0, {}
    for register in tree.iter("reg"):
        number = int(register.attrib.get("regnum", number))
        sizes[number] = int(register.attrib["bitsize"]) // 8
        number += 1
    assert sizes == {n: size for n, size in enumerate(target.sizes) if size}
    assert len(sizes) == 16 + 1 + 32 + 1


@pytest.mark.parametrize(("doubles", "registers"), [(0, 17), (16, 17 + 17)])
def test_processors_without_all_of_vfp(doubles: int, registers: int) -> None:
    target = ArmTarget(doubles, simd=False)
    assert sum(map(bool, target.sizes)) == registers
    assert (b"arm.vfp" in target.description) == bool(doubles)
    assert b"neon" not in target.description


@pytest.mark.parametrize("location", [0x8000, 0x8003])
def test_registers_come_back(location: int) -> None:
    target, state = debug_target(""), GuestState(LAYOUT)
    for number, size in enumerate(target.sizes):
        value = bytes([number + 1]) * size
        if not size or number in (15, CPSR, len(target.sizes) - 1):
            continue
        assert target.write(number, value, state, location) == location
        assert target.read(number, state, location) == value
    assert state.get("r14") == 0x0F0F0F0F
    assert state.get("d31") == int.from_bytes(bytes([D0 + 32]) * 8, "little")


def test_the_pc_has_no_bit_of_state_and_the_cpsr_has() -> None:
    target, state = debug_target(""), GuestState(LAYOUT)
    assert target.read(15, state, 0x8003) == bytes.fromhex("02800000")
    assert target.write(15, bytes.fromhex("06900000"), state, 0x8003) == 0x9007
    assert target.write(15, bytes.fromhex("04900000"), state, 0x8000) == 0x9004
    assert target.write(15, bytes.fromhex("06900000"), state, 0x8000) == 0x9007
    assert target.read(CPSR, state, 0x8003) == bytes.fromhex("30000000")
    thumb = (0x80000000 | 1 << 25 | 2 << 10 | 0x30).to_bytes(4, "little")
    assert target.write(CPSR, thumb, state, 0x8000) == 0x8001
    assert (state.get("nf"), state.get("it")) == (1, 0b1001)
    assert target.read(CPSR, state, 0x8001) == thumb
    assert target.write(CPSR, (0x10).to_bytes(4, "little"), state, 0x8001) == 0x8000
    assert (state.get("nf"), state.get("it")) == (0, 0)


def test_the_fpscr_has_its_flags() -> None:
    target, state = debug_target(""), GuestState(LAYOUT)
    number = len(target.sizes) - 1
    target.write(number, (0xF0000001).to_bytes(4, "little"), state, 0x8000)
    assert (state.get("fpn"), state.get("fpv"), state.get("fpscr")) == (1, 1, 1)
    assert target.read(number, state, 0x8000) == (0xF0000001).to_bytes(4, "little")
