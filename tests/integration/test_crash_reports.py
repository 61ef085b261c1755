"""What a run says of why it failed: the reason of a killing signal, and what is not supported."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.guests import guest
from support.machine_code import CODE, EXIT, program
from support.runs import command


def run(tmp_path: Path, *words: int) -> tuple[int, list[str]]:
    """Status, and the lines on standard error, of a program of these words."""
    outcome = command("run", "--tier", "0", str(program(tmp_path, words)), cwd=tmp_path)
    return outcome.status, outcome.stderr.decode().splitlines()


@pytest.mark.parametrize(
    ("words", "signal", "why"),
    [
        ([0xEF123456], 4, "there is no system call number 0x823456"),
        ([0xE3A070FF, 0xE38778F0, 0xEF000000], 4, "there is no system call number 0xf000ff"),
        ([0xE7F001F0], 5, "a breakpoint instruction"),
        ([0xE7F000F0], 4, "undefined instruction"),
        ([0xE3A05001, 0xE1951F9F], 7, "unaligned exclusive access to 0x00000001"),
        ([0xE3A01000, 0xE5910000], 11, "read of 0x00000000, where nothing is mapped"),
        ([0xE3E0D000, 0xE8BD8000], 11, "read of 0xffffffff, where nothing is mapped"),
        ([0xE3A07077, 0xE3A0DA0F, 0xEF000000], 11,
         "sigreturn found no signal frame on the stack at 0xf000"),
        ([0xF3F90F40], 4, "undefined instruction"),  # of Advanced SIMD
        ([0xEEF00A10], 4, "undefined instruction"),  # vmrs r0, fpsid
        ([0xE3A00801, 0xEEE10A10, 0xEE300A20], 4, "undefined instruction"),  # short vectors
        # The same behind a computed jump: add r1, pc, #0; bx r1.
        ([0xE3A00801, 0xEEE10A10, 0xE28F1000, 0xE12FFF11, 0xEE300A20], 4, "undefined instruction"),
        ([0xE3A01002, 0xED910A00], 7, "unaligned access of a VFP register to 0x00000002"),
        ([0xE3A01002, 0xF421071F], 7, "unaligned access of elements to 0x00000002"),
    ],
)  # fmt: skip
def test_reasons(tmp_path: Path, words: list[int], signal: int, why: str) -> None:
    status, lines = run(tmp_path, *words)
    assert status == 128 + signal
    assert lines[1] == f"  {why}"


TO_THUMB = 0xE28F0001, 0xE12FFF10  # add r0, pc, #1; bx r0


@pytest.mark.parametrize(
    ("halves", "signal", "why", "listed"),
    [
        ((0x2000, 0x6800), 11, "read of 0x00000000, where nothing is mapped", "ldr r0, [r0]"),
        ((0xBF18, 0x6808), 11, "read of 0x00000000, where nothing is mapped", "ldrne r0, [r1]"),
        ((0x2000, 0xDE00), 4, "undefined instruction", "udf #0"),
        ((0x2000, 0xF7F0, 0xA000), 5, "a breakpoint instruction", "udf.w #0"),
        ((0x2000, 0xDE01), 5, "a breakpoint instruction", "udf #1"),
        ((0x2101, 0xE851, 0x0F00), 7, "unaligned exclusive access to 0x00000001", "ldrex r0, [r1]"),
        ((0x2000, 0xBE00), 5, "a breakpoint instruction", "bkpt #0"),
        ((0xBF00, 0xEF01, 0x0840), 4, "undefined instruction", ".short 0xef01"),
        ((0x2000, 0xF3EF, 0x8010), 4,
         "undefined instruction, which only microcontrollers have (M profile)", "mrs r0, primask"),
        ((0x2000, 0xF380, 0x8808), 4,
         "undefined instruction, which only microcontrollers have (M profile)", "msr msp, r0"),
        ((0x2000, 0xF3FF, 0x8000), 4, "undefined instruction", "mrs r0, spsr"),
        ((0x2102, 0xED91, 0x0A00), 7, "unaligned access of a VFP register to 0x00000002",
         "vldr s0, [r1]"),
        ((0x2102, 0xF921, 0x071F), 7, "unaligned access of elements to 0x00000002",
         "vld1.8 {d0}, [r1:0x40]"),
    ],
)  # fmt: skip
def test_thumb_code_is_listed_as_thumb(
    tmp_path: Path, halves: tuple[int, ...], signal: int, why: str, listed: str
) -> None:
    padded = [*halves, 0][: len(halves) + len(halves) % 2]
    words = [low | high << 16 for low, high in zip(padded[::2], padded[1::2], strict=True)]
    status, lines = run(tmp_path, *TO_THUMB, *words)
    assert status == 128 + signal
    assert lines[1] == f"  {why}"
    assert lines[2] == f"  {CODE + 10:#010x}: {listed}"


def test_a_frame_that_does_not_fit(tmp_path: Path) -> None:
    action = CODE + 4 * 16
    words = [
        0xE28F1038, 0xE3A0000A, 0xE3A02000, 0xE3A03008, 0xE3A070AE, 0xEF000000,  # sigaction(10)
        0xE3A07014, 0xEF000000,  # getpid
        0xE3A0DB01, 0xE3A0100A, 0xE3A07025, 0xEF000000,  # sp = 1024; kill(pid, 10)
        *EXIT, 0, 0,
        CODE, 0, 0, 0, 0,
    ]  # fmt: skip
    assert CODE + 4 * words.index(CODE) == action
    status, lines = run(tmp_path, *words)
    assert status == 128 + 11
    assert lines[1] == "  the frame of a handler of signal 10 does not fit on the stack at 0x400"


def test_a_signal_to_itself(tmp_path: Path) -> None:
    outcome = command("run", "--tier", "0", str(guest("faults")), "abort", cwd=tmp_path)
    assert outcome.status == 128 + 6
    assert outcome.stderr.decode().splitlines()[1] == "  the program sent the signal to itself"


# write(1, pc, 1); exit(0)
WRITE = (0xE3A00001, 0xE1A0100F, 0xE3A02001, 0xE3A07004, 0xEF000000, 0xE3A00000, *EXIT)
# kill(getpid(), SIGPIPE)
KILL = (0xE3A07014, 0xEF000000, 0xE3A0100D, 0xE3A07025, 0xEF000000, *EXIT)


def into_nothing(tmp_path: Path, words: tuple[int, ...]) -> tuple[int, list[str]]:
    """The same of a program whose standard output is a pipe that has no readers."""
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        [sys.executable, "-m", "dbt", "run", "--tier", "0", str(program(tmp_path, words))],
        stdout=theirs, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    os.close(theirs)
    return done.returncode, done.stderr.decode().splitlines()


def test_nothing_is_said_of_a_pipe_that_nobody_reads(tmp_path: Path) -> None:
    assert into_nothing(tmp_path, WRITE) == (128 + 13, [])


def test_a_sigpipe_that_was_sent_is_reported(tmp_path: Path) -> None:
    status, lines = into_nothing(tmp_path, KILL)
    assert status == 128 + 13
    assert lines[1] == "  the program sent the signal to itself"


def test_a_page_that_may_not_be_written(tmp_path: Path) -> None:
    outcome = command("run", "--tier", "0", str(guest("faults")), "rodata", cwd=tmp_path)
    assert ", which may not be written to" in outcome.stderr.decode().splitlines()[1]


UNKNOWN = (0xE3A07C02, 0xEF000000)  # system call 512
SHARING = (0xE3A00C01, 0xE3A07078, 0xEF000000)  # clone(CLONE_VM, …)
SOCKET = (0xE3A00002, 0xE3A07F46, 0xE2877001, 0xEF000000)  # socket(AF_INET, …)


def test_what_a_failing_run_lacked(tmp_path: Path) -> None:
    status, lines = run(tmp_path, *UNKNOWN, *SHARING, *SOCKET, *SHARING, 0xE3A00003, *EXIT)
    assert status == 3
    assert lines == [
        "armdbt: not supported or not allowed, but asked for: syscall_512, "
        "processes that share memory (clone with CLONE_VM), sockets of the network (--allow-net)"
    ]


def test_a_run_that_went_well_says_nothing(tmp_path: Path) -> None:
    assert run(tmp_path, *UNKNOWN, 0xE3A00000, *EXIT) == (0, [])


def test_many_things_lacked_are_one_line(tmp_path: Path) -> None:
    """mov r7, #512; swi 0; add r7, r7, #1; cmp r7, #768; bne -> 256 calls that do not exist."""
    loop = [0xE3A07C02, 0xEF000000, 0xE2877001, 0xE3570C03, 0x1AFFFFFB]
    status, lines = run(tmp_path, *loop, 0xE3A00001, *EXIT)
    assert (status, len(lines)) == (1, 1)
    assert lines[0].endswith("syscall_523 and 244 more")
