"""Object code on disk, which is used as long as nothing that it depends on has changed.

A file is used only if no other user could have written it (by owner and mode of the file and of all
directories above it), and only if its digest is right, which is checked before anything else in it
is read. What cannot be read is made anew; what cannot be written is not kept.
"""

import contextlib
import os
import stat
import time
from collections.abc import Callable, Iterator

from dbt.typing import TypeAlias

try:
    from _blake2 import blake2b  # hashlib imports OpenSSL as well, which takes 2 ms
except ImportError:
    from hashlib import blake2b

from dbt.stops import UsageError

MAGIC = b"armdbt object 2\n"
_DIGEST = 32
HEAD = len(MAGIC) + _DIGEST
"""Bytes in front of the content of a file."""
_KEPT = 8
"""Most files of one name in a directory, by default: there are several versions, and machines that
share it."""
_AT_ONCE = 16
"""Of as many files, one more is removed when there are too many."""
_ABANDONED = 3600
"""Seconds after which nobody writes to a file any more that has no name yet: a process that ends
does not wait for the thread that compiles."""
PATIENCE = 5.0
"""Seconds to wait for another process that updates."""
_PAUSE = 0.01
_NAME = r"[a-z-]+-[0-9a-f]{16}\.o"
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


Path: TypeAlias = "str | os.PathLike[str]"


def directories() -> list[Path]:
    """The directories for objects, best first: beside the package, then the user's cache. An
    absolute path in ``ARMDBT_CACHE`` is the only one."""
    only = os.environ.get("ARMDBT_CACHE", "")
    if os.path.isabs(only):
        return [only]
    return [os.path.join(os.path.dirname(__file__), "__pycache__"), *_user_cache()]


def check_chosen() -> None:
    """Raises UsageError when ``ARMDBT_CACHE`` is no absolute path, or leads to what is no
    directory: objects would be kept elsewhere, or not at all."""
    only = os.environ.get("ARMDBT_CACHE", "")
    if only and not os.path.isabs(only):
        raise UsageError(f"ARMDBT_CACHE is an absolute path, not {only!r}")
    if only and os.path.exists(only) and not os.path.isdir(only):
        raise UsageError(f"ARMDBT_CACHE: {only!r} is no directory")


def _user_cache() -> list[Path]:
    chosen = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(chosen):
        return [os.path.join(chosen, "armdbt")]
    home = os.environ.get("HOME", "")
    if not os.path.isabs(home):
        import pwd

        try:
            home = pwd.getpwuid(os.geteuid()).pw_dir
        except KeyError:
            return []
    return [os.path.join(home, ".cache", "armdbt")]


def cached(name: str, key: bytes, make: Callable[[], bytes]) -> bytes:
    """The object called ``name`` for ``key`` (a stamp), from disk; or from ``make``, and then it is
    written to disk if possible."""
    content = read(name, key)
    if content is None:
        content = make()
        write(name, key, content)
    return content


def read(name: str, key: bytes) -> bytes | None:
    """What was written last by this name for ``key``; None when there is nothing that can be
    used."""
    for _, handle in opened(name, key):
        with contextlib.suppress(OSError), open(handle, "rb", buffering=0, closefd=False) as file:
            head = file.read(HEAD)
            content = file.read()  # megabytes, which are not copied
            if head == head_of(key, content):
                return content
    return None


def opened(name: str, key: bytes) -> Iterator[tuple[str, int]]:
    """The files that may have been written by this name for ``key``, newest first: the path of
    each, and its descriptor, which is closed when the next one is asked for."""
    file = _file(name, key)
    for directory in sorted(directories(), key=lambda place: _written(place, file), reverse=True):
        try:
            real = _ours_alone(directory)
            if real is None:
                continue
            path = os.path.join(real, file)
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            continue
        try:
            status = os.fstat(handle)
            if stat.S_ISREG(status.st_mode) and _is_safe(status):
                yield path, handle
        finally:
            os.close(handle)


def head_of(key: bytes, content: bytes | memoryview) -> bytes:
    """What a file begins with, by what follows."""
    return MAGIC + digest_of(key, content)


def _written(directory: Path, file: str) -> float:
    """When a file was written; 0 if there is none."""
    try:
        return os.stat(os.path.join(directory, file)).st_mtime
    except OSError:
        return 0


def write(name: str, key: bytes, content: bytes, most: int = _KEPT) -> None:
    """Write to disk what ``read`` returns from now on, if that is possible; at most ``most`` of
    that name stay, the newest."""
    any(_write(directory, _file(name, key), key, content, most) for directory in directories())


def update(name: str, key: bytes, change: Callable[[bytes | None], bytes | None]) -> None:
    """Write what ``change`` makes of what ``read`` returns, if that is possible; nothing if it is
    None. Who else updates waits."""
    any(_update(directory, name, key, change) for directory in directories())


def _update(
    directory: Path, name: str, key: bytes, change: Callable[[bytes | None], bytes | None]
) -> bool:
    """Update a file in a directory. False when that is impossible."""
    try:
        _make_directory(directory)
        real = _ours_alone(directory)
    except OSError:
        return False
    if real is None or not os.access(real, os.W_OK | os.X_OK):
        return False
    with _alone(real):
        content = change(read(name, key))
        return content is None or _write(directory, _file(name, key), key, content)


@contextlib.contextmanager
def _alone(directory: str) -> Iterator[None]:
    """Wait until no other thread or process updates in a directory, and let none. Who waits in
    vain, or for a host that cannot lock, goes on: files are whole even so, but may lack what the
    other one adds."""
    import fcntl

    try:
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        yield
        return
    try:
        with contextlib.suppress(OSError):
            for _ in range(round(PATIENCE / _PAUSE)):
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    time.sleep(_PAUSE)
        yield
    finally:
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_UN)  # a forked child may have the handle, too
        os.close(handle)


def files() -> list[str]:
    """Paths of all files that were written here, by this version of armdbt or another."""
    import re

    found = []
    for directory in directories():
        with contextlib.suppress(OSError), os.scandir(directory) as entries:
            found += [entry.path for entry in entries if re.fullmatch(_NAME, entry.name)]
    return sorted(found)


def _file(name: str, key: bytes) -> str:
    return f"{name}-{key.hex()[:16]}.o"


def _write(directory: Path, file: str, key: bytes, content: bytes, most: int = _KEPT) -> bool:
    """Write a cache file, which appears whole. False when that is impossible."""
    import tempfile

    try:
        _make_directory(directory)
        real = _ours_alone(directory)
        if real is None:
            return False
        handle, temporary = tempfile.mkstemp(prefix=f".{file}.", dir=real)
        try:
            with open(handle, "wb") as out:
                out.write(head_of(key, content) + content)
                os.fchmod(out.fileno(), 0o644)
            os.replace(temporary, os.path.join(real, file))
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError:
        return False
    _forget_old(real, file, most)
    return True


def _make_directory(directory: Path) -> None:
    """Make a directory for this user alone, and those above it. Raises OSError."""
    from pathlib import Path as Directory

    with contextlib.suppress(FileExistsError):
        Directory(directory).mkdir(mode=0o700, parents=True)


def _forget_old(directory: str, file: str, most: int) -> None:
    """Remove files of a name if there are more than ``most``, the oldest first, and those that a
    process did not live to rename. To look at each takes time: of many, some more are removed, so
    that the next writers need not."""
    import re

    name = file.rpartition("-")[0]
    whole = re.compile(rf"{name}-[0-9a-f]{{16}}\.o")
    with contextlib.suppress(OSError):
        every = os.listdir(directory)
        kept = [entry for entry in every if whole.fullmatch(entry)]
        if len(kept) > most:
            kept.sort(key=lambda entry: _written(directory, entry))
            for entry in kept[: len(kept) - most + most // _AT_ONCE]:
                os.unlink(os.path.join(directory, entry))
        for entry in every:
            if entry.startswith(f".{name}-"):
                path = os.path.join(directory, entry)
                if os.stat(path).st_mtime < time.time() - _ABANDONED:
                    os.unlink(path)


def digest_of(*contents: bytes | memoryview) -> bytes:
    """The digest of what these are together."""
    digest = blake2b(digest_size=_DIGEST)
    for content in contents:
        digest.update(content)
    return digest.digest()


def _ours_alone(directory: Path) -> str | None:
    """The directory without links in its path, if only this user and root can change its content or
    put another in its place; else None. In a directory with the sticky bit, users cannot replace
    what belongs to others."""
    real = os.path.realpath(directory, strict=True)
    safe = _is_safe(os.stat(real)) and all(
        _is_safe(os.stat(above), sticky=True) for above in _above(real)
    )
    return real if safe else None


def _above(path: str) -> Iterator[str]:
    """The directories above a real path, up to the root."""
    while (above := os.path.dirname(path)) != path:
        yield above
        path = above


def _is_safe(status: os.stat_result, *, sticky: bool = False) -> bool:
    """True when a file belongs to this user or root, and others cannot write it."""
    if status.st_uid not in (0, os.geteuid()):
        return False
    return not status.st_mode & _OTHERS_WRITE or (sticky and bool(status.st_mode & stat.S_ISVTX))
