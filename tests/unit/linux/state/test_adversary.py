"""The sandbox under attack: another process of the guest renames, links and removes between any two
steps of a look-up. Whatever it does, nothing outside changes and nothing hidden is read."""

import contextlib
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dbt.linux.state import layers as layers_module
from dbt.linux.state import view as view_module
from dbt.linux.state.objects import Handle

AT_FDCWD, AT_REMOVEDIR, AT_SYMLINK_FOLLOW, AT_EMPTY_PATH = -100, 0x200, 0x400, 0x1000
STEPS = (b"a", b"b", b"c", b"..", b"..", b"link", b"secret")
CALLS = 80


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """``--sequences N``: more of them."""
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(metafunc.config.getoption("--sequences") // 2))


class Adversary:
    """Does something in the guest's writable directory, now and then."""

    def __init__(self, home: Path, seed: int) -> None:
        self.home = home
        self.random = random.Random(seed)

    def place(self) -> Path:
        """A name in the writable directory: a process of the guest comes to no other."""
        names = self.random.choices(("a", "b", "c"), k=self.random.choice((1, 2, 3)))
        place = self.home.joinpath(*names)
        inside = os.path.realpath(place.parent) == str(place.parent)
        return place if inside else self.home / names[0]

    def act(self) -> None:
        """One change, if it is possible."""
        kind = self.random.choice((0, 0, 0, 1, 1, 1, 2, 3))
        with contextlib.suppress(OSError):
            if kind == 0:
                self.place().rename(self.place())
            elif kind == 1:
                self.place().mkdir(parents=True)
            elif kind == 2:
                place = self.place()
                if place.is_symlink():
                    place.unlink()
                else:
                    shutil.rmtree(place)
            else:
                targets = ("..", "../..", self.home.parent, self.home.parent / "outside")
                self.place().symlink_to(self.random.choice(targets))

    def around(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """A step of a look-up, with something before and after it."""

        def step(*arguments: Any, **options: Any) -> Any:
            if self.random.random() < 0.3:
                self.act()
            result = real(*arguments, **options)
            if self.random.random() < 0.3:
                self.act()
            elif isinstance(result, Handle) and self.random.random() < 0.5:
                self.raise_directory(result)
            return result

        return step

    def raise_directory(self, handle: Handle) -> None:
        """Move the directory that a walk stands in up, so that two steps up lead outside."""
        path = Path(os.readlink(os.fsdecode(handle.reach)))
        if self.home in path.parents:
            with contextlib.suppress(OSError):
                path.rename(self.home / self.random.choice("abc"))


def _surround(adversary: Adversary, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it act around each step of a look-up."""
    steps = (view_module, "open_object"), (view_module, "open_below"), (layers_module, "where")
    for module, step in steps:
        monkeypatch.setattr(module, step, adversary.around(getattr(module, step)))


def _plant(home: Path) -> None:
    """A writable tree, and one like it outside."""
    for top in (home, home.parent / "outside", home.parent):
        (top / "a" / "b" / "c").mkdir(parents=True, exist_ok=True)
        (top / "b" / "c").mkdir(parents=True, exist_ok=True)
        (top / "a" / "secret").write_text("secret")
        (top / "secret").write_text("secret")
    (home / "link").symlink_to("../outside")


def _outside(home: Path) -> list[tuple[Any, ...]]:
    """Everything next to the writable tree, with all that a change would show in."""
    found: list[tuple[Any, ...]] = []
    for folder, folders, files in os.walk(home.parent):
        if Path(folder) == home.parent:
            folders.remove(home.name)  # it is the guest's
        for name in (*folders, *files):
            status = os.lstat(os.path.join(folder, name))
            found.append((folder, name, status.st_mode, status.st_size, status.st_nlink))
    return sorted(found)


def _path(draw: random.Random) -> bytes:
    """Some steps down and as many up, or anything."""
    depth = draw.randint(1, 3)
    down = draw.choices((b"a", b"b", b"c"), k=depth)
    if draw.random() < 0.5:
        return b"/".join([*down, *[b".."] * depth, draw.choice((b"a", b"secret", b"new"))])
    return b"/".join(draw.choices(STEPS, k=draw.randint(1, 6)))


def _call(guest: Any, draw: random.Random, fds: list[int]) -> None:
    """One drawn call of the guest."""

    def path() -> bytes:
        return _path(draw) + b"\0"

    def at() -> int:
        return draw.choice((*fds, AT_FDCWD))

    name, *arguments = draw.choice(
        (
            ("openat", at(), path(), 0o1102, 0o600), ("openat", at(), path(), 0o40000, 0),
            ("mkdirat", at(), path(), 0o700), ("unlinkat", at(), path(), 0),
            ("unlinkat", at(), path(), AT_REMOVEDIR), ("renameat", at(), path(), at(), path()),
            ("linkat", at(), path(), at(), path(), AT_SYMLINK_FOLLOW),
            ("linkat", at(), b"\0", at(), path(), AT_EMPTY_PATH),
            ("symlinkat", path(), at(), path()), ("fchmodat", at(), path(), 0o4755),
            ("truncate", path(), 0), ("chdir", path()), ("fchdir", at()),
        )
    )  # fmt: skip
    guest.fresh()
    result = guest.call(name, *arguments)
    if name == "openat" and result >= 0:
        fds.append(result)


def test_nothing_outside_changes(
    guest: Any, home: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    _plant(home)
    adversary = Adversary(home, seed)
    _surround(adversary, monkeypatch)
    draw, fds = random.Random(seed), list[int]()
    before = _outside(home)
    for _ in range(CALLS):
        _call(guest, draw, fds)
        adversary.act()
    assert _outside(home) == before


def test_nothing_hidden_is_opened(
    make_guest: Callable[..., Any], home: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """With a root, all that is opened lies in the root or in the working directory."""
    _plant(home)
    root = home.parent / "root"
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "link").symlink_to(home.parent / "outside")
    guest = make_guest(root=str(root), cwd=str(home))
    adversary = Adversary(home, seed)
    _surround(adversary, monkeypatch)
    draw, fds = random.Random(seed), list[int]()
    opened = 0
    for _ in range(CALLS):
        path = _path(draw)
        guest.fresh()
        fd = guest.call("openat", draw.choice((*fds, AT_FDCWD)), path + b"\0", 0, 0)
        adversary.act()
        if fd >= 0:
            fds.append(fd)
            opened += 1
            inode = os.fstat(guest.kernel.files.host_fd(fd)).st_ino
            assert inode not in _inodes(home)
    assert opened


def _inodes(home: Path) -> set[int]:
    """What must not be opened: the files next to the writable tree and what is in ``outside``."""
    hidden = (home.parent / "outside", home.parent / "a", home.parent / "b")
    found = {path.stat().st_ino for top in hidden for path in (top, *top.rglob("*"))}
    return found | {(home.parent / "secret").stat().st_ino}
