"""Calls that change names and files as such, and mappings of files."""

from collections.abc import Callable

from dbt.spy.tap import AT_FDCWD, Call, Tap, after

MAP_SHARED, MAP_ANONYMOUS = 1, 0x20
AT_REMOVEDIR = 0x200
PAGE = 4096


def _operation(tap: Tap, call: Call, path: str, op: str = "", **fields: object) -> None:
    op = op or call.name.removesuffix("at")
    tap.tell("file", call.ended, syscall=call.name, op=op, path=path, **fields, **call.error)


# -- names -----------------------------------------------------------------------------------------


@after("unlink", "rmdir")
def unlink(tap: Tap, call: Call) -> None:
    _operation(tap, call, tap.path(call[0]))


@after("unlinkat")
def unlinkat(tap: Tap, call: Call) -> None:
    op = "rmdir" if call[2] & AT_REMOVEDIR else "unlink"
    _operation(tap, call, tap.path(call[1], call.fd(0)), op)


@after("rename", "link")
def rename(tap: Tap, call: Call) -> None:
    _operation(tap, call, tap.path(call[0]), to=tap.path(call[1]))


@after("renameat", "renameat2", "linkat")
def renameat(tap: Tap, call: Call) -> None:
    paths = tap.path(call[1], call.fd(0)), tap.path(call[3], call.fd(2))
    _operation(tap, call, paths[0], call.name.partition("at")[0], to=paths[1])


@after("symlink")
def symlink(tap: Tap, call: Call) -> None:
    _operation(tap, call, tap.path(call[1]), link=tap.guest.string(call[0]))


@after("symlinkat")
def symlinkat(tap: Tap, call: Call) -> None:
    _operation(tap, call, tap.path(call[2], call.fd(1)), link=tap.guest.string(call[0]))


@after("mkdir", "mknod")
def mkdir(tap: Tap, call: Call) -> None:
    _operation(tap, call, tap.path(call[0]), mode=call[1])


@after("mkdirat", "mknodat")
def mkdirat(tap: Tap, call: Call) -> None:
    _operation(tap, call, tap.path(call[1], call.fd(0)), mode=call[2])


@after("chdir")
def chdir(tap: Tap, call: Call) -> None:
    path = tap.path(call[0])
    _operation(tap, call, path)
    if not call.failed:
        tap.cwd = path


@after("fchdir")
def fchdir(tap: Tap, call: Call) -> None:
    path = _path_of(tap, call.fd(0))
    _operation(tap, call, path, "chdir")
    if not call.failed and path:
        tap.cwd = path


# -- attributes and size ---------------------------------------------------------------------------


@after("chmod")
def chmod(tap: Tap, call: Call) -> None:
    _operation(tap, call, tap.path(call[0]), mode=call[1])


@after("fchmod")
def fchmod(tap: Tap, call: Call) -> None:
    _operation(tap, call, _path_of(tap, call.fd(0)), "chmod", mode=call[1])


@after("fchmodat", "fchmodat2")
def fchmodat(tap: Tap, call: Call) -> None:
    _operation(tap, call, tap.path(call[1], call.fd(0)), "chmod", mode=call[2])


@after("chown", "chown32", "lchown", "lchown32")
def chown(tap: Tap, call: Call) -> None:
    _operation(tap, call, tap.path(call[0]), "chown", owner=_owner(call, 1))


@after("fchown", "fchown32")
def fchown(tap: Tap, call: Call) -> None:
    _operation(tap, call, _path_of(tap, call.fd(0)), "chown", owner=_owner(call, 1))


@after("fchownat")
def fchownat(tap: Tap, call: Call) -> None:
    _operation(tap, call, tap.path(call[1], call.fd(0)), "chown", owner=_owner(call, 2))


@after("truncate", "truncate64")
def truncate(tap: Tap, call: Call) -> None:
    _operation(tap, call, tap.path(call[0]), "truncate", size=call[1])


@after("ftruncate", "ftruncate64")
def ftruncate(tap: Tap, call: Call) -> None:
    _operation(tap, call, _path_of(tap, call.fd(0)), "truncate", size=call[1])


@after("utimensat", "utimensat_time64")
def utimensat(tap: Tap, call: Call) -> None:
    path = tap.path(call[1], call.fd(0)) or _path_of(tap, call.fd(0))
    _operation(tap, call, path, "utime")


@after("utime", "utimes")
def utime(tap: Tap, call: Call) -> None:
    _operation(tap, call, tap.path(call[0]), "utime")


def _owner(call: Call, index: int) -> str:
    return f"{call.fd(index)}:{call.fd(index + 1)}"


def _path_of(tap: Tap, fd: int) -> str:
    handle = None if fd == AT_FDCWD else tap.known(fd)
    return handle.thing.path if handle is not None else ""


# -- mappings --------------------------------------------------------------------------------------


@after("mmap2")
def mmap2(tap: Tap, call: Call) -> None:
    _mapped(tap, call, call.__getitem__, PAGE)


@after("mmap")
def mmap(tap: Tap, call: Call) -> None:
    """The old call: six words in memory, the offset in bytes."""
    words = tap.guest.words(call[0], 6)
    _mapped(tap, call, words.__getitem__, 1)


def _mapped(tap: Tap, call: Call, argument: Callable[[int], int], unit: int) -> None:
    """Tell of a mapping of a file. A failed one has no effect to tell of."""
    size, prot, flags = argument(1), argument(2), argument(3)
    if call.failed or flags & MAP_ANONYMOUS:
        return
    fd = argument(4) - (1 << 32) if argument(4) >> 31 else argument(4)
    letters = "".join(c if prot & bit else "-" for c, bit in (("r", 1), ("w", 2), ("x", 4)))
    tap.tell(
        "map", call.ended, syscall=call.name, **tap.described(fd, tap.known(fd)),
        at=(call.result or 0) & 0xFFFFFFFF, size=size, offset=argument(5) * unit,
        prot=letters, shared=bool(flags & MAP_SHARED),
    )  # fmt: skip
