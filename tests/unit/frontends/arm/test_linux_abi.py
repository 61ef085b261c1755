"""Which call a swi asks for: arch/arm/kernel/entry-common.S and traps.c."""

import struct

import pytest

from dbt.runtime.state import GuestState
from dbt.stops import UsageError
from dbt.syscalls import IllegalTrap, Request
from frontends.arm.kuser import commpage
from frontends.arm.linux_abi import ArmLinuxAbi
from frontends.arm.registers import LAYOUT

RESUME = 0x8004


@pytest.fixture
def state() -> GuestState:
    return GuestState(LAYOUT)


def decode(state: GuestState, immediate: int, r7: int = 0) -> Request | IllegalTrap:
    state["r7"] = r7
    for index in range(7):
        if index != 7:
            state[f"r{index}"] = index + 10
    return ArmLinuxAbi().decode(immediate, state, RESUME)


@pytest.mark.parametrize(
    ("immediate", "r7", "name", "aligned"),
    [
        (0, 4, "write", True),
        (0x900004, 99, "write", False),
        (0, 0xF0005, "ARM_set_tls", True),
        (0x9F0002, 0, "ARM_cacheflush", True),
        (0, 450, "set_mempolicy_home_node", True),
        (0, 9999, "syscall_9999", True),
        (0, 13, "syscall_13", True),
        (0x90000D, 0, "time", False),
        (0, 0xF0700, "ARM_0xf0700", True),
    ],
)
def test_calls(state: GuestState, immediate: int, r7: int, name: str, aligned: bool) -> None:
    request = decode(state, immediate, r7)
    assert isinstance(request, Request)
    assert (request.name, request.aligned) == (name, aligned)
    assert request.arguments == (10, 11, 12, 13, 14, 15, 16)


@pytest.mark.parametrize(
    ("immediate", "r7", "trap"),
    [
        (0x123456, 4, IllegalTrap(4, 4, 0x8000, 0x123456 ^ 0x900000)),
        (4, 0, IllegalTrap(4, 4, 0x8000, 0x900004)),
        (0, 0xF0800, IllegalTrap(4, 4, 0x8000, 0xF0800)),
        (0, 0x100000, IllegalTrap(4, 4, 0x8000, 0x100000)),
        (0, 0xF0000, IllegalTrap(11, 1, 0, 0)),
        (0x9F0001, 0, IllegalTrap(5, 1, 0x8000, None, 0x8000)),
    ],
)
def test_traps(state: GuestState, immediate: int, r7: int, trap: IllegalTrap) -> None:
    assert decode(state, immediate, r7) == trap


def test_the_indirect_call_takes_its_number_from_r0(state: GuestState) -> None:
    state["r0"] = 4
    state["r1"] = 1
    request = ArmLinuxAbi().decode(0x900071, state, RESUME)
    assert isinstance(request, Request)
    assert (request.name, request.arguments[0]) == ("write", 1)


def test_restart_goes_back_by_one_instruction(state: GuestState) -> None:
    abi, request = ArmLinuxAbi(), Request(3, "read")
    assert abi.restart(state, request, 0x8004) == 0x8000
    assert abi.restart(state, request, 0x8005) == 0x8003


def test_the_immediate_counts_in_arm_state_alone(state: GuestState) -> None:
    state["r7"] = 4
    request = ArmLinuxAbi().decode(0x42, state, RESUME | 1)
    assert isinstance(request, Request)
    assert (request.name, request.aligned, request.variant) == ("write", True, "")


HWCAP = (
    b"swp half thumb 26bit fastmult fpa vfp edsp java iwmmxt crunch thumbee neon vfpv3 vfpv3d16 tls"
    b" vfpv4 idiva idivt vfpd32"
).split()
HWCAP2 = b"aes pmull sha1 sha2 crc32".split()
"""By bit, as arch/arm/kernel/setup.c names them."""


@pytest.mark.parametrize(
    ("cpu", "platform", "added"),
    [("", "v8l", HWCAP2), ("max", "v8l", HWCAP2), ("cortex-a15", "v7l", [])],
)
def test_programs_are_told_what_runs(cpu: str, platform: str, added: list[bytes]) -> None:
    abi = ArmLinuxAbi(cpu)
    told = [name for bit, name in enumerate(HWCAP) if abi.hwcap >> bit & 1]
    assert abi.hwcap < 1 << len(HWCAP)
    assert {b"thumb", b"idivt", b"neon", b"vfpv3", b"vfpv4", b"vfpd32"} <= {*told}
    assert b"vfpv3d16" not in told
    told += [name for bit, name in enumerate(HWCAP2) if abi.hwcap2 >> bit & 1]
    assert told[len(told) - len(added) :] == added
    assert abi.platform == platform
    assert f"CPU architecture: {platform[1]}\n".encode() in abi.cpuinfo()
    features = abi.cpuinfo().partition(b"Features\t: ")[2].partition(b"\n")[0]
    assert features.split() == told


def test_processors_have_names() -> None:
    with pytest.raises(UsageError, match="no processor 'cortex-a51'; did you mean 'cortex-a15'"):
        ArmLinuxAbi("cortex-a51")


def test_helper_page() -> None:
    page = commpage()
    assert len(page) == 4096
    assert struct.unpack_from("<I", page, 0xFFC) == (5,)
    assert struct.unpack_from("<II", page, 0xFE0) == (0xEE1D0F70, 0xE12FFF1E)
