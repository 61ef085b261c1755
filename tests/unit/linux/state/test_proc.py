"""/proc as the guest's own kernel would write it (fs/proc)."""

import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.guests import guest
from support.linux_kernel import call, error, make_kernel

from dbt.interfaces import PAGE
from dbt.linux.kernel import Kernel

Read = Callable[[str], str]


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Kernel]:
    """A kernel with a program in it."""
    kernel = make_kernel(tmp_path, seed=1)
    kernel.load(str(guest("hello")), [b"./hello", b"two words"], [b"A=1", b"B=2"])
    yield kernel
    kernel.close()
    kernel.memory.close()


def room(kernel: Kernel) -> int:
    """Three pages to pass paths and results in."""
    return call(kernel, "mmap2", 0, 16 * PAGE, 3, 0x22, 0xFFFFFFFF, 0) & 0xFFFFFFFF


@pytest.fixture
def read(program: Kernel) -> Read:
    """Reads a file as the guest would."""
    buffer = room(program)

    def read_(path: str) -> str:
        program.memory.write(buffer, path.encode() + b"\0")
        fd = call(program, "open", buffer, 0)
        assert fd >= 0, path
        size = call(program, "read", fd, buffer, 16 * PAGE)
        call(program, "close", fd)
        return program.memory.read(buffer, size).decode()

    return read_


def listing(kernel: Kernel, path: str) -> dict[str, int]:
    """Names and types that getdents64 gives."""
    buffer = room(kernel)
    kernel.memory.write(buffer, path.encode() + b"\0")
    fd = call(kernel, "open", buffer, 0o40000)
    out, at = {}, 0
    while (size := call(kernel, "getdents64", fd, buffer, PAGE)) > 0:
        data, at = kernel.memory.read(buffer, size), 0
        while at < size:
            (length,) = struct.unpack_from("<H", data, at + 16)
            out[data[at + 19 : at + length].split(b"\0")[0].decode()] = data[at + 18]
            at += length
    call(kernel, "close", fd)
    assert size == 0
    return out


def test_maps(program: Kernel, read: Read) -> None:
    path = str(guest("hello"))
    status = os.stat(path)
    call(program, "brk", program.space.brk + PAGE)
    lines = read("/proc/self/maps").splitlines()
    device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}"
    assert lines[0].split()[3:] == [device, str(status.st_ino), path]
    assert lines[0].index(path) == 49
    names = [line[49:] for line in lines if len(line) > 49]
    assert names[-3:] == ["[heap]", "[stack]", "[vectors]"]
    assert lines[-1] == "ffff0000-ffff1000 r-xp 00000000 00:00 0          [vectors]"
    assert any(line.endswith(" 00:00 0 ") for line in lines)  # anonymous: no name, a space


def test_a_deleted_file_and_shared_memory_in_maps(
    program: Kernel, read: Read, tmp_path: Path
) -> None:
    (tmp_path / "gone").write_bytes(b"x")
    buffer = room(program)
    program.memory.write(buffer, b"gone\0")
    fd = call(program, "open", buffer, 0)
    call(program, "mmap2", 0, PAGE, 1, 2, fd, 0)
    call(program, "mmap2", 0, PAGE, 3, 0x21, 0xFFFFFFFF, 0)
    (tmp_path / "gone").unlink()
    text = read("/proc/self/maps")
    assert f"{tmp_path}/gone (deleted)\n" in text
    shared = next(line for line in text.splitlines() if line.endswith("/dev/zero (deleted)"))
    assert (shared.split()[1], shared.split()[3]) == ("rw-s", "00:01")


def test_arguments_environment_and_auxiliary_vector(program: Kernel, read: Read) -> None:
    assert read("/proc/self/cmdline") == "./hello\0two words\0"
    assert read("/proc/self/environ") == "A=1\0B=2\0"
    words = struct.unpack(f"<{len(program.process.image.auxv) // 4}I", program.process.image.auxv)
    pairs = dict(zip(words[::2], words[1::2], strict=True))
    assert pairs[6] == PAGE  # AT_PAGESZ
    assert pairs[0] == 0
    assert program.memory.cstring(pairs[31]).endswith(b"hello.elf")  # AT_EXECFN
    start = program.process.image.arg_start
    program.memory.write(start, b"a title".ljust(18, b"!"))
    assert read("/proc/self/cmdline") == "a title!!!!!!!!!!!A=1\0"


def test_stat_is_the_guest_s(program: Kernel, read: Read) -> None:
    fields = read("/proc/self/stat").rstrip("\n").split()
    assert len(fields) == 52
    assert fields[:3] == [str(os.getpid()), "(hello.elf)", "R"]
    size = sum(area.end - area.start for area in program.space.areas)
    assert int(fields[22]) == size < 1 << 32
    assert int(fields[23]) * PAGE < size
    start, end, stack = (int(field) for field in fields[25:28])
    assert program.space.at(start).path == str(guest("hello"))
    assert start < end
    assert stack == program.stack_start
    assert int(fields[46]) == program.space.brk_start


def test_statm_and_status_agree(program: Kernel, read: Read) -> None:
    buffer = room(program)
    for offset in range(0, 3 * PAGE, PAGE):
        program.memory.store(buffer + offset, 1, 1)
    pages = [int(word) for word in read("/proc/self/statm").split()]
    rows = dict(line.split(":\t", 1) for line in read("/proc/self/status").splitlines())
    assert rows["VmSize"] == f"{pages[0] * 4:8} kB"
    assert rows["VmRSS"] == f"{pages[1] * 4:8} kB"
    assert 3 < pages[1] < pages[0]


def test_status(program: Kernel, read: Read) -> None:
    buffer = room(program)
    program.memory.write(buffer, struct.pack("<IIIQ", 0x8000, 0, 0, 0))
    call(program, "rt_sigaction", 10, buffer, 0, 8)
    program.memory.store(buffer, 8, 1 << 11)
    call(program, "rt_sigprocmask", 0, buffer, 0, 8)
    call(program, "prctl", 38, 1, 0, 0, 0)
    call(program, "prctl", 41, 1, 0, 0, 0)
    program.process.name = b"a\nb"
    text = read("/proc/self/status")
    rows = dict(line.split(":\t", 1) for line in text.splitlines())
    assert text.startswith("Name:\ta\\nb\nUmask:\t")
    assert rows["SigCgt"] == f"{1 << 9:016x}"
    assert rows["SigBlk"] == f"{1 << 11:016x}"
    assert (rows["NoNewPrivs"], rows["THP_enabled"], rows["Threads"]) == ("1", "0", "1")
    assert rows["CapEff"] == "0" * 16
    assert rows["CapBnd"] == "000001ffffffffff"


def test_threads_are_counted(program: Kernel, read: Read) -> None:
    program.threads.add(program.threads.free_tid(), b"", 0)
    assert "\nThreads:\t2\n" in read("/proc/self/status")
    assert read("/proc/self/stat").rpartition(") ")[2].split()[17] == "2"


def test_smaps_add_up(program: Kernel, read: Read) -> None:
    text = read("/proc/self/smaps")
    sizes = [int(line.split()[1]) for line in text.splitlines() if line.startswith("Size:")]
    total = sum(area.end - area.start for area in program.space.areas)
    assert sum(sizes) == (total + PAGE) // 1024
    assert text.count("VmFlags: ") == len(sizes)


def test_limits(program: Kernel, read: Read) -> None:
    lines = read("/proc/self/limits").splitlines()
    assert lines[0] == f"{'Limit':<25} {'Soft Limit':<20} {'Hard Limit':<20} {'Units':<10}"
    assert lines[4].split() == ["Max", "stack", "size", "8388608", "unlimited", "bytes"]
    assert len(lines) == 17


def test_descriptors(program: Kernel, read: Read) -> None:
    buffer = room(program)
    program.memory.write(buffer, b"made\0")
    fd = call(program, "open", buffer, 0o2000102, 0o644)
    call(program, "write", fd, buffer, 3)
    lines = read(f"/proc/self/fdinfo/{fd}").splitlines()
    assert lines[:2] == ["pos:\t3", "flags:\t02000002"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("comm", "hello.elf\n"), ("cgroup", "0::/\n"), ("oom_score_adj", "0\n"), ("wchan", "0"),
        ("personality", "00000000\n"), ("timerslack_ns", "50000\n"), ("loginuid", "4294967295"),
    ],
)  # fmt: skip
def test_small_files_also_of_the_thread(read: Read, name: str, content: str) -> None:
    assert read(f"/proc/self/{name}") == content
    assert read(f"/proc/self/task/{os.getpid()}/{name}") == content
    assert read(f"/proc/thread-self/{name}") == content


def test_the_system_is_the_guest_s(program: Kernel, read: Read) -> None:
    assert read("/proc/version").startswith("Linux version 6.1.0 ")
    assert read("/proc/sys/kernel/osrelease") == "6.1.0\n"
    assert read("/proc/sys/kernel/cap_last_cap") == "40\n"
    assert read("/proc/sys/vm/mmap_min_addr") == "32768\n"
    processors = [line for line in read("/proc/stat").splitlines() if line.startswith("cpu")]
    assert [line.split()[0] for line in processors] == ["cpu", "cpu0"]


def test_listings_say_what_is_a_link(program: Kernel) -> None:
    found = listing(program, "/proc/self")
    assert (found["exe"], found["cwd"], found["fd"], found["maps"]) == (10, 10, 4, 8)
    assert set(listing(program, "/proc/self/fd").values()) == {4, 10}
    inside = listing(program, f"/proc/self/task/{os.getpid()}")
    assert found.keys() - inside.keys() == {"task"}
    top = listing(program, "/proc")
    assert (top["self"], top["mounts"], top["sys"], top["meminfo"]) == (10, 10, 4, 8)
    assert "random" in listing(program, "/proc/sys/kernel")
    assert listing(program, "/proc/sys")["kernel"] == 4


def test_every_listed_name_is_there(program: Kernel) -> None:
    buffer = room(program)
    for directory in ("/proc", "/proc/self", "/proc/sys/kernel", "/proc/sys/fs/inotify"):
        for name in listing(program, directory):
            program.memory.write(buffer, f"{directory}/{name}\0".encode())
            assert call(program, "lstat64", buffer, buffer + PAGE) == 0, name


@pytest.mark.parametrize("name", ["oom_score_adj", "coredump_filter", "status"])
def test_nothing_can_be_written(program: Kernel, name: str) -> None:
    buffer = room(program)
    program.memory.write(buffer, f"/proc/self/{name}\0".encode())
    assert error(call(program, "open", buffer, 1)) == "EACCES"


@pytest.mark.parametrize(
    "path", ["self/mem", "1", "1/status", "self/task/1", "self/fd/99", "self/fd/00"]
)
def test_what_is_not_there(program: Kernel, path: str) -> None:
    buffer = room(program)
    program.memory.write(buffer, f"/proc/{path}\0".encode())
    assert error(call(program, "open", buffer, 0)) == "ENOENT"


def test_a_directory_opened_by_path_alone_is_not_listed(program: Kernel) -> None:
    buffer = room(program)
    program.memory.write(buffer, b"/proc/self\0")
    fd = call(program, "open", buffer, 0o10000000)
    assert fd >= 0
    assert error(call(program, "getdents64", fd, buffer, PAGE)) == "EBADF"


def test_io_counts_what_was_read_and_written(program: Kernel, read: Read, tmp_path: Path) -> None:
    """Calls that fail count, their bytes do not; what only asks for something does not count."""
    before = fields(read("/proc/self/io"))
    buffer = room(program)
    reading, writing = os.pipe()
    fd = program.files.add(writing)
    assert call(program, "write", fd, buffer, 100) == 100
    assert error(call(program, "write", 99, buffer, 7)) == "EBADF"
    call(program, "fstat64", fd, buffer)
    os.close(reading)
    after = fields(read("/proc/self/io"))
    assert after["wchar"] - before["wchar"] == 100
    assert after["syscw"] - before["syscw"] == 2
    assert after["syscr"] - before["syscr"] == 1, "the one that read the first file"
    assert after["rchar"] > before["rchar"] == 0


def fields(text: str) -> dict[str, int]:
    """Numbers by their names."""
    return {name: int(value) for name, value in (line.split(": ") for line in text.splitlines())}
