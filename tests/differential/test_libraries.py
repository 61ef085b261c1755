"""Hooks that wait for libraries, in programs of Debian's whose loader maps them."""

from pathlib import Path

import pytest
from support.debian_root import ARMHF_ROOT, DEFAULT_ROOT, is_whole
from support.oracle import lacking

import dbt
from dbt.hooks import LoadEvent
from dbt.linux.options import LinuxOptions
from dbt.stops import Exited, UsageError

pytestmark = pytest.mark.oracle
CODE = "import zlib; print(len(zlib.compress(b'a' * 100)))"
ROOTS = pytest.mark.parametrize("root", [DEFAULT_ROOT, ARMHF_ROOT], ids=lambda root: root.name)


def start(root: Path) -> dbt.Process:
    if not is_whole(root):
        lacking("no root of Debian: make root")
    program, linux = f"{root}/usr/bin/python3.11", LinuxOptions(root=str(root), seed=1)
    return dbt.Process(program, ["-S", "-c", CODE], env={}, stdout=dbt.CAPTURE, linux=linux)


@ROOTS
def test_hooks_wait_for_their_library(root: Path) -> None:
    loaded: list[str] = []
    called: list[str] = []
    returned: list[int] = []
    early: list[int] = []

    def zlib_is_there(event: LoadEvent) -> None:
        loaded.append("libz alone")
        assert event.memory.read(event.start, 4) == b"\x7fELF"
        assert process.resolve("libz.so:deflate") in range(event.start, event.end)

    with start(root) as process:
        hooks = process.hooks
        hooks.on_load(None, lambda event: loaded.append(event.library))
        hooks.on_load("libz.so", zlib_is_there)
        hooks.on_call("libz.so.1:deflate", lambda e: called.append(e.symbol), pending=True)
        hooks.on_return("libz.so:deflate", lambda e: returned.append(e.result), pending=True)
        hooks.on_call("libc.so.6:malloc", lambda e: early.append(1), pending=True, depth=False)
        remove = hooks.on_call("libz.so:deflate", lambda e: called.append("removed"), pending=True)
        remove()
        assert process.run() == Exited(0)
        assert process.stdout == b"12\n"
    assert loaded.count("libz alone") == 1
    assert loaded[0].startswith("lib")
    assert any(name.startswith("libc.so") for name in loaded)
    assert len(set(loaded)) == len(loaded)
    assert set(called) == {"deflate"}
    assert returned == [1]  # Z_STREAM_END
    assert len(early) > 100


@ROOTS
def test_names_that_are_wrong_are_refused(root: Path) -> None:
    with start(root) as process:
        with pytest.raises(UsageError, match=r"no library in memory 'libz\.so'"):
            process.hooks.on_call("libz.so:deflate", print)
        with pytest.raises(UsageError, match=r"a pending hook is on LIBRARY:SYMBOL, .* not 'x'"):
            process.hooks.on_call("x", print, pending=True)
        with pytest.raises(UsageError, match=r"no symbol of python3\.11 'Py_Mian'; did you mean"):
            process.hooks.on_call("python3.11:Py_Mian", print, pending=True)
        process.hooks.on_call("libz.so:deflatt", print, pending=True)
        with pytest.raises(UsageError, match=r"no symbol of libz\.so 'deflatt'"):
            process.run()
        assert process.run() == Exited(0)


@ROOTS
def test_hooks_on_memory_wait_for_their_library(root: Path) -> None:
    """``deflate`` reads numbers that lie behind its instructions."""
    reads: list[int] = []
    with start(root) as process:
        hooks = process.hooks
        remove = hooks.on_memory("libz.so:deflate", lambda e: reads.append(0), pending=True)
        remove()
        hooks.on_memory("libz.so:deflate", lambda e: reads.append(e.address), "r", pending=True)
        hooks.on_memory("libz.so:deflatt+4", print, pending=True)
        with pytest.raises(UsageError, match="a pending hook is on LIBRARY:SYMBOL"):
            hooks.on_memory("stack", print, pending=True)
        with pytest.raises(UsageError, match=r"no symbol of libz\.so 'deflatt'"):
            process.run()
        begin = process.resolve("libz.so:deflate") & ~1
        assert process.run() == Exited(0)
    assert reads
    assert set(reads) <= set(range(begin, begin + 0x4000))


@ROOTS
def test_what_no_symbol_names_has_the_name_of_its_library(root: Path) -> None:
    with start(root) as process:
        process.hooks.on_load(
            "libz.so", lambda event: process.hooks.on_call("libz.so:deflate", stop)
        )
        process.run()
        symbolizer = process.kernel.symbolizer
        found = [image for image in symbolizer.images() if "libz.so" in image.path]
        name = Path(found[0].path).name
        low, linked = found[0].low, 0x40
        assert symbolizer.name(low + linked) == f"{name}:0x40"
        assert process.symbolize(low + linked) == f"0x40 in {name}"
        assert symbolizer.name(process.resolve("libz.so:deflate") & ~1) == "deflate"
        functions = [
            text for pc in range(low, found[0].high, 64) if ":sub_" in (text := symbolizer.name(pc))
        ]
        assert functions
        whole = functions[0].partition("+")[0]
        assert whole.startswith(f"{name}:sub_")
        assert symbolizer.name(process.resolve(whole) & ~1) == whole


def stop(event: object) -> None:
    raise dbt.StopRequested
