"""execve: the kernel's errors in the kernel's order, and ELF files mapped as it maps them."""

import os
import signal
import struct
from pathlib import Path

import pytest
from support.linux_kernel import BUFFER, call, error

from dbt.interfaces import EXEC, PAGE, READ, WRITE
from dbt.linux.errors import Leave
from dbt.linux.kernel import Kernel
from dbt.linux.state.address_space import Area
from dbt.stops import Killed

HELLO = Path(__file__).resolve().parents[3] / "guests" / "hello.elf"
BAD, TEXT = 0x4000, BUFFER + 0x400
LARGE = 0x10000000
STRING_MAX, ARG_MAX = 128 << 10, 128 << 10
ET_EXEC, ET_DYN, PT_LOAD, PT_INTERP = 2, 3, 1, 3
NOFOLLOW, EMPTY_PATH = 0x100, 0x1000


def execute(
    kernel: Kernel, path: bytes, argv: int = 0, envp: int = 0, dirfd: int = -100, flags: int = 0
) -> int | Leave:
    kernel.memory.write(BUFFER, path + b"\0")
    try:
        return call(kernel, "execveat", dirfd, BUFFER, argv, envp, flags)
    except Leave as leave:
        return leave


def refused(result: int | Leave) -> str:
    assert isinstance(result, int)
    return error(result)


def pointers(kernel: Kernel, *words: int, at: int = TEXT) -> int:
    kernel.memory.write(at, struct.pack(f"<{len(words)}I", *words))
    return at


def arguments(kernel: Kernel) -> list[bytes]:
    sp = kernel.state["r13"]
    count = kernel.memory.load(sp, 4)
    return [kernel.memory.cstring(kernel.memory.load(sp + 4 + 4 * i, 4)) for i in range(count)]


def script(path: Path, head: bytes) -> bytes:
    path.write_bytes(head)
    path.chmod(0o755)
    return os.fsencode(path)


def elf(path: Path, *segments: tuple[int, ...], kind: int = ET_EXEC, entry: int = 0) -> bytes:
    """An ELF file of page-sized content; segments are (type, offset, vaddr, filesz, memsz, flags,
    align). Page n of the file is full of the byte n + 1."""
    table = b"".join(struct.pack("<8I", t, o, v, v, *rest) for t, o, v, *rest in segments)
    header = b"\x7fELF\1\1\1".ljust(16, b"\0") + struct.pack(
        "<HHIIIIIHHHHHH",
        kind, 40, 1, entry or segments[0][2], 52, 0, 0x05000000, 52, 32, len(segments), 0, 0, 0,
    )  # fmt: skip
    pages = b"".join(bytes([n]) * PAGE for n in (1, 2, 3))
    return script(path, header + table + pages[len(header + table) :])


# -- sizes -----------------------------------------------------------------------------------------


def large(kernel: Kernel, size: int, text: bytes) -> int:
    """Memory with a long string in it, and its address."""
    kernel.space.map(Area(LARGE, LARGE + size, READ | WRITE))
    kernel.memory.write(LARGE, text)
    return LARGE


def test_strings_are_counted_while_they_are_read(kernel: Kernel) -> None:
    """12,000 times the same 128 KiB: nothing of that is copied."""
    text = large(kernel, 1 << 20, b"A" * (STRING_MAX - 1))
    argv = pointers(kernel, *[text] * 12_000, 0, at=LARGE + (512 << 10))
    reads: list[int] = []
    original = kernel.memory.cstring
    kernel.memory.cstring = lambda *given: reads.append(given[0]) or original(*given)  # type: ignore[method-assign]
    assert refused(execute(kernel, os.fsencode(HELLO), argv)) == "E2BIG"
    assert len(reads) < 50


@pytest.mark.parametrize(("length", "accepted"), [(STRING_MAX - 1, True), (STRING_MAX, False)])
def test_the_longest_string(kernel: Kernel, length: int, accepted: bool) -> None:
    text = large(kernel, 1 << 20, b"A" * length)
    result = execute(kernel, os.fsencode(HELLO), pointers(kernel, text, 0))
    assert isinstance(result, Leave) == accepted
    assert accepted or refused(result) == "E2BIG"


def test_a_small_stack_has_room_for_the_least(kernel: Kernel) -> None:
    kernel.memory.write(TEXT + 0x100, struct.pack("<II", 8192, 8192))
    assert call(kernel, "setrlimit", 3, TEXT + 0x100) == 0
    hello = os.fsencode(HELLO)
    room = ARG_MAX - 4 * 2 - (len(hello) + 1) - 2
    text = large(kernel, 1 << 20, b"B\0" + b"A" * room)
    assert refused(execute(kernel, hello, pointers(kernel, LARGE, text + 2, 0))) == "E2BIG"
    kernel.memory.write(text + 2 + room - 1, b"\0")
    assert isinstance(execute(kernel, hello, pointers(kernel, LARGE, text + 2, 0)), Leave)
    assert [len(text) for text in arguments(kernel)] == [1, room - 1]


# -- the order of errors ---------------------------------------------------------------------------


def test_the_file_comes_before_the_arguments_and_the_environment_before_them(
    kernel: Kernel, tmp_path: Path
) -> None:
    hello = os.fsencode(HELLO)
    long = large(kernel, 1 << 20, b"A" * STRING_MAX)
    assert refused(execute(kernel, b"missing", BAD)) == "ENOENT"
    assert refused(execute(kernel, hello, BAD)) == "EFAULT"
    assert refused(execute(kernel, hello, pointers(kernel, BAD, 0))) == "EFAULT"
    argv, envp = pointers(kernel, BAD, 0), pointers(kernel, long, 0, at=TEXT + 64)
    assert refused(execute(kernel, hello, argv, envp)) == "E2BIG"
    assert refused(execute(kernel, script(tmp_path / "text", b"text"), argv)) == "EFAULT"
    assert refused(call(kernel, "execve", BAD, BAD, BAD)) == "EFAULT"
    kernel.memory.write(LARGE, b"a" * 4096)
    assert refused(call(kernel, "execve", LARGE, BAD, BAD)) == "ENAMETOOLONG"
    assert refused(execute(kernel, b"", BAD)) == "ENOENT"


def test_no_arguments_are_one_empty_string(kernel: Kernel) -> None:
    for argv in (0, pointers(kernel, 0)):
        assert isinstance(execute(kernel, os.fsencode(HELLO), argv), Leave)
        assert arguments(kernel) == [b""]
        kernel.space.map(Area(BUFFER, BUFFER + 4 * PAGE, READ | WRITE))


@pytest.mark.parametrize("name", [b"directory", b"fifo", b"plain", b"interpreted", b"needs"])
def test_what_is_no_executable_file_gives_eacces(
    kernel: Kernel, tmp_path: Path, name: bytes
) -> None:
    """A directory as an interpreter too: EISDIR is in the manual only."""
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "fifo", 0o755)
    (tmp_path / "plain").write_bytes(HELLO.read_bytes())
    script(tmp_path / "interpreted", b"#!directory\n")
    interp = (PT_INTERP, 0x1000, 0, 6, 6, 4, 1)
    elf(tmp_path / "needs", interp, (PT_LOAD, 0, 0x10000, 0x80, 0x80, 5, 4096))
    with (tmp_path / "needs").open("r+b") as file:
        file.seek(0x1000)
        file.write(b"plain\0")
    assert refused(execute(kernel, name)) == "EACCES"


def test_a_file_open_for_writing_is_busy_whoever_has_it_open(
    kernel: Kernel, tmp_path: Path
) -> None:
    program = script(tmp_path / "program", HELLO.read_bytes())
    inner = script(tmp_path / "script", b"#!" + program + b"\n")
    with (tmp_path / "program").open("r+b"):
        assert refused(execute(kernel, program)) == "ETXTBSY"
        assert refused(execute(kernel, inner)) == "ETXTBSY"
        assert refused(execute(kernel, program, BAD)) == "ETXTBSY"
    with (tmp_path / "program").open("rb"):
        assert isinstance(execute(kernel, inner), Leave)


def test_links_and_descriptors(kernel: Kernel, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(HELLO)
    assert refused(execute(kernel, b"link", flags=NOFOLLOW)) == "ELOOP"
    assert refused(execute(kernel, b"link", flags=1)) == "EINVAL"
    assert refused(execute(kernel, b"", flags=EMPTY_PATH | 1)) == "EINVAL"
    assert refused(execute(kernel, b"", dirfd=77, flags=EMPTY_PATH)) == "EBADF"
    assert refused(execute(kernel, b"plain/x")) == "ENOENT"
    (tmp_path / "plain").touch()
    assert refused(execute(kernel, b"plain/x")) == "ENOTDIR"


def opened(kernel: Kernel, path: bytes, flags: int = 0) -> int:
    kernel.memory.write(BUFFER, path + b"\0")
    fd = call(kernel, "open", BUFFER, flags)
    assert fd >= 0
    return fd


def test_a_script_behind_a_descriptor_that_closes_cannot_be_read(
    kernel: Kernel, tmp_path: Path
) -> None:
    path = script(tmp_path / "script", b"#!" + os.fsencode(HELLO) + b"\n")
    closing = opened(kernel, path, os.O_CLOEXEC)
    assert refused(execute(kernel, b"", dirfd=closing, flags=EMPTY_PATH)) == "ENOENT"
    kept = opened(kernel, path)
    assert isinstance(execute(kernel, b"", dirfd=kept, flags=EMPTY_PATH), Leave)
    assert arguments(kernel) == [os.fsencode(HELLO), b"/dev/fd/%d" % kept]


# -- scripts ---------------------------------------------------------------------------------------

SCRIPTS: dict[str, tuple[bytes, str | list[bytes]]] = {
    "carriage return": (b"#!H\r\n", "ENOENT"),
    "argument with a carriage return": (b"#!H -x\r\n", [b"H", b"-x\r"]),
    "blanks": (b"#! \t H \t one  two \t\n", [b"H", b"one  two"]),
    "no newline": (b"#!H", [b"H"]),
    "no newline, an argument": (b"#!H a b", [b"H", b"a b"]),
    "nothing": (b"#!\n", "ENOEXEC"),
    "blanks only": (b"#! \t \n", "ENOEXEC"),
    "nothing at all": (b"#!", "ENOENT"),
    "a zero byte": (b"#!H\0junk\n", [b"H"]),
    "a name that does not end": (b"#!H" + b"x" * 300 + b"\n", "ENOEXEC"),
    "an argument that is cut": (b"#!H " + b"x" * 300 + b"\n", [b"H", b"x" * 251]),
    "blanks that do not end": (b"#!" + b" " * 300 + b"H\n", "ENOEXEC"),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_script_lines(kernel: Kernel, tmp_path: Path, name: str) -> None:
    (tmp_path / "H").write_bytes(HELLO.read_bytes())
    (tmp_path / "H").chmod(0o755)
    head, expected = SCRIPTS[name]
    script(tmp_path / "script", head)
    result = execute(kernel, b"script")
    if isinstance(expected, str):
        assert refused(result) == expected
    else:
        assert isinstance(result, Leave)
        assert arguments(kernel) == [*expected, b"script"]


@pytest.mark.parametrize(("depth", "accepted"), [(5, True), (6, False)])
def test_scripts_of_scripts(kernel: Kernel, tmp_path: Path, depth: int, accepted: bool) -> None:
    inner = os.fsencode(HELLO)
    for number in range(depth):
        inner = script(tmp_path / f"script{number}", b"#!" + inner + b"\n")
    result = execute(kernel, inner)
    assert isinstance(result, Leave) == accepted
    assert accepted or refused(result) == "ELOOP"


# -- images ----------------------------------------------------------------------------------------


def loaded(kernel: Kernel, path: bytes) -> int:
    result = execute(kernel, path)
    assert isinstance(result, Leave)
    assert isinstance(result.outcome, int)
    return result.outcome


def test_overlapping_and_unsorted_segments_are_mapped_in_order(
    kernel: Kernel, tmp_path: Path
) -> None:
    loaded(
        kernel,
        elf(
            tmp_path / "program",
            (PT_LOAD, 0x1000, 0x30000, 0x1000, 0x1000, 5, 4096),
            (PT_LOAD, 0x0000, 0x20000, 0x3000, 0x3000, 5, 4096),
            (PT_LOAD, 0x2000, 0x21000, 0x0800, 0x1800, 6, 4096),
        ),
    )
    found = [kernel.memory.load(at, 1) for at in (0x30000, 0x20FFF, 0x21000, 0x217FF, 0x21800)]
    assert found == [2, 1, 3, 3, 0]
    assert kernel.memory.load(0x22000, 1) == 0  # what had the file's bytes before
    assert kernel.space.brk_start == 0x31000


def test_memory_without_file_bytes_is_writable_and_a_last_page_that_is_not_keeps_its_bytes(
    kernel: Kernel, tmp_path: Path
) -> None:
    loaded(
        kernel,
        elf(
            tmp_path / "program",
            (PT_LOAD, 0x1000, 0x20000, 0x800, 0x2000, 5, 4096),
            (PT_LOAD, 0x1234, 0x40234, 0, 0x10, 4, 4096),
        ),
    )
    assert kernel.memory.load(0x20900, 1) == 2
    assert kernel.memory.perms[0x20] & (READ | WRITE | EXEC) == READ | EXEC
    for page in (0x21, 0x40):
        assert kernel.memory.perms[page] & (READ | WRITE) == READ | WRITE


def test_what_is_past_the_end_of_the_file_is_there_and_cannot_be_touched(
    kernel: Kernel, tmp_path: Path
) -> None:
    load = (PT_LOAD, 0x1000, 0x20000, 0x5000, 0x5000, 5, 4096)
    loaded(kernel, elf(tmp_path / "program", load))
    assert kernel.memory.load(0x21FFF, 1) == 3
    assert kernel.space.at(0x24000) is not None
    assert not kernel.memory.perms[0x24] & READ


@pytest.mark.parametrize(("align", "start"), [(1 << 16, 0x400000), (1 << 23, 0x800000)])
def test_a_relocatable_program_is_as_aligned_as_it_asks(
    kernel: Kernel, tmp_path: Path, align: int, start: int
) -> None:
    load = (PT_LOAD, 0, 0, 0x1000, 0x1000, 5, align)
    assert loaded(kernel, elf(tmp_path / "pie", load, kind=ET_DYN, entry=0x100)) == start + 0x100


@pytest.mark.parametrize(
    "segment",
    [
        (PT_LOAD, 0, 0x20000, 0x1000, 0x800, 5, 4096),
        (PT_LOAD, 4, 0x20000, 0x1000, 0x1000, 5, 4096),
        (PT_LOAD, 0, 0x20000, 0x1000, 0xF0000000, 5, 4096),
        (PT_LOAD, 0, 0x1000, 0x1000, 0x1000, 5, 4096),
        (PT_LOAD, 0x9000, 0x20000, 0x10, 0x20, 6, 4096),
    ],
)
def test_what_is_found_when_the_old_program_is_gone_ends_the_process(
    kernel: Kernel, tmp_path: Path, segment: tuple[int, ...]
) -> None:
    result = execute(kernel, elf(tmp_path / "program", segment))
    assert isinstance(result, Leave)
    assert isinstance(result.outcome, Killed)
    assert result.outcome.signal == signal.SIGSEGV


def test_a_damaged_interpreter_is_a_bad_library(kernel: Kernel, tmp_path: Path) -> None:
    interp = (PT_INTERP, 0x1000, 0, 3, 3, 4, 1)
    elf(tmp_path / "needs", interp, (PT_LOAD, 0, 0x10000, 0x80, 0x80, 5, 4096))
    with (tmp_path / "needs").open("r+b") as file:
        file.seek(0x1000)
        file.write(b"ld\0")
    script(tmp_path / "ld", b"\x7fELFjunk")
    assert refused(execute(kernel, b"needs")) == "ELIBBAD"
