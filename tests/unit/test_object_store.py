"""The object code that test processes share."""

import os
from pathlib import Path

from support.object_store import ObjectStore

KEYS = [bytes([number]) * 32 for number in range(8)]
CONTENT = os.urandom(1000)
"""Does not get smaller."""


def files(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if path.is_file()]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    home = tmp_path / "made" / "when needed"
    assert ObjectStore(home).read(KEYS[0]) is None
    ObjectStore(home).write(KEYS[0], CONTENT)
    ObjectStore(home).write(KEYS[1], b"")
    assert ObjectStore(home).read(KEYS[0]) == CONTENT
    assert ObjectStore(home).read(KEYS[1]) == b""
    assert ObjectStore(home).read(KEYS[2]) is None
    ObjectStore(home).write(KEYS[0], b"other")
    assert ObjectStore(home).read(KEYS[0]) == b"other"
    assert len(files(home)) == 2


def test_what_is_damaged_was_never_there(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path)
    store.write(KEYS[0], CONTENT)
    (file,) = files(tmp_path)
    whole = file.read_bytes()
    for damaged in (b"", whole[:8], whole[:-1], whole[:-1] + bytes([whole[-1] ^ 1]), whole + b"0"):
        file.write_bytes(damaged)
        assert store.read(KEYS[0]) is None
    store.write(KEYS[0], CONTENT)
    assert store.read(KEYS[0]) == CONTENT


def test_what_cannot_be_written_is_lost(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = ObjectStore(tmp_path / "file")
    store.write(KEYS[0], CONTENT)
    assert store.read(KEYS[0]) is None
    store.prune()


def test_what_was_used_longest_ago_goes_when_there_is_too_much(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path)
    for age, key in enumerate(KEYS):
        store.write(key, CONTENT)
        os.utime(tmp_path / key.hex()[:2] / key.hex()[2:], (1000 - age, 1000 - age))
    store.read(KEYS[7])
    store.prune(9000)
    assert len(files(tmp_path)) == 8
    store.prune(8000)
    assert [key for key in KEYS if store.read(key)] == [*KEYS[:2], KEYS[7]]
