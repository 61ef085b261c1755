"""Large files of the cache are read without a digest, and damaged ones are found all the same."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from backends.native import cache, content, stamps

KEY = bytes(32)
WHOLE = b"table" * 2000


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of the cache."""
    monkeypatch.setenv("ARMDBT_CACHE", str(tmp_path))
    stamps._known.cache_clear()
    cache.write("large", KEY, WHOLE)
    (found,) = tmp_path.glob("large-*")
    return found


@pytest.fixture
def digests(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of what digests were computed of to read a file."""
    seen = []

    def head_of(key: bytes, whole: bytes | memoryview) -> bytes:
        seen.append(len(whole))
        return made(key, whole)

    made = cache.head_of
    monkeypatch.setattr(cache, "head_of", head_of)
    return seen


def read() -> memoryview:
    found = content.read("large", KEY)
    assert found is not None
    assert found == WHOLE
    return found


def test_who_cuts_the_file_takes_nothing_away(file: Path) -> None:
    found = read()
    os.truncate(file, 0)
    assert found == WHOLE


def test_no_descriptor_is_left(file: Path) -> None:
    before = os.listdir("/proc/self/fd")
    read()
    assert os.listdir("/proc/self/fd") == before


def settle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what was written just now count as settled."""
    monkeypatch.setattr(stamps, "SETTLED", -(1 << 60))


def test_the_digest_of_a_file_that_has_not_changed_is_not_computed(
    file: Path, digests: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(monkeypatch)
    read()
    assert digests.count(len(WHOLE)) == 1
    stamps._known.cache_clear()  # as in the next process
    read()
    assert digests.count(len(WHOLE)) == 1


def test_the_digest_is_computed_while_a_file_may_have_changed_unseen(
    file: Path, digests: list[int]
) -> None:
    read()
    read()
    assert digests.count(len(WHOLE)) == 2


def flipped(whole: bytes) -> bytes:
    return whole[:-1] + bytes([whole[-1] ^ 1])


def other_head(whole: bytes) -> bytes:
    return bytes([whole[0] ^ 1]) + whole[1:]


@pytest.mark.parametrize(
    "damage",
    [flipped, other_head, lambda whole: whole[:-1], lambda whole: whole[:20], lambda whole: b""],
    ids=["flipped", "head", "cut", "short", "empty"],
)
@pytest.mark.parametrize("known", [False, True])
def test_a_damaged_file_is_not_used(
    file: Path,
    damage: Callable[[bytes], bytes],
    known: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if known:
        settle(monkeypatch)
        read()
    status = file.stat()
    file.write_bytes(damage(file.read_bytes()))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert content.read("large", KEY) is None


def test_a_file_of_another_key_is_not_used(file: Path) -> None:
    assert content.read("large", KEY[:-1] + b"1") is None  # the same name on disk


def test_a_file_that_others_may_write_is_not_used(file: Path) -> None:
    file.chmod(0o666)
    assert content.read("large", KEY) is None
