"""Framing, numbers and binary data."""

import socket

import pytest
from hypothesis import given, strategies

from dbt.gdb.packets import Channel, Malformed, escaped, number, numbers, unescaped
from dbt.gdb.signal_numbers import from_gdb, to_gdb


@given(strategies.binary())
def test_binary_data_comes_back(data: bytes) -> None:
    sent = escaped(data)
    assert unescaped(sent) == data
    assert not {*sent} & {*b"#$*"}


def test_packets_are_found_in_what_comes() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        channel = Channel(ours)
        channel.acknowledging = False
        for piece in (b"+$", b"m1", b",2#f", b"c\x03$?#3f+"):
            theirs.sendall(piece)
        assert [channel.receive() for _ in range(3)] == [b"m1,2", b"\x03", b"?"]
        theirs.close()
        assert channel.receive() is None
        channel.send(b"OK")  # nobody reads it


@pytest.mark.parametrize("text", [b"", b"-1", b"0x1", b"1_0", b" 1", b"100000000", b"g"])
def test_what_is_no_number(text: bytes) -> None:
    with pytest.raises(Malformed):
        number(text)


def test_numbers_need_both() -> None:
    assert numbers(b"8000,4") == (0x8000, 4)
    with pytest.raises(Malformed):
        numbers(b"8000")


def test_signals_have_gdbs_numbers() -> None:
    assert [to_gdb(linux) for linux in (2, 5, 7, 10, 11, 12, 17, 32, 33, 63, 64)] == [
        *(2, 5, 10, 30, 11, 31, 20, 77, 45, 75, 78)
    ]
    assert {from_gdb(to_gdb(linux)) for linux in range(1, 65) if linux != 16} == {*range(1, 65)} - {
        16
    }
    assert (from_gdb(0), from_gdb(200)) == (0, None)
