"""Sockets: names, connections, descriptors that are sent, and what of the network may be used."""

import array
import errno
import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dbt.linux.state import network
from dbt.stops import UsageError
from dbt.syscalls import Request

UNIX, INET, STREAM, DGRAM = 1, 2, 1, 2
SCM_RIGHTS, MSG_CTRUNC, MSG_DONTWAIT = 1, 8, 0x40
O_RDWR, O_CREAT = 2, 0o100


def unix(name: bytes) -> bytes:
    return struct.pack("<H", UNIX) + name


def inet(host: str, port: int) -> bytes:
    return struct.pack("<H", INET) + port.to_bytes(2, "big") + socket.inet_aton(host) + bytes(8)


def with_address(guest: Any, name: str, fd: int, data: bytes) -> Any:
    return guest.call(name, fd, data, len(data))


def name_of(guest: Any, call: str, fd: int) -> bytes:
    """What getsockname and its like give."""
    room, size = guest.room(128), guest.put(struct.pack("<I", 128))
    assert guest.call(call, fd, room, size) == 0
    return bytes(guest.memory.read(room, guest.memory.load(size, 4)))


def server(guest: Any, name: bytes) -> Any:
    fd = guest.call("socket", UNIX, STREAM, 0)
    assert with_address(guest, "bind", fd, unix(name)) == 0
    assert guest.call("listen", fd, 5) == 0
    return fd


def connected(guest: Any, name: bytes) -> tuple[Any, Any]:
    """A client and what the server accepted."""
    listening = server(guest, name)
    client = guest.call("socket", UNIX, STREAM, 0)
    assert with_address(guest, "connect", client, unix(name)) == 0
    return client, guest.call("accept", listening, 0, 0)


def control(guest: Any, *fds: int) -> tuple[int, int]:
    """Control data that sends descriptors: its address and size."""
    data = struct.pack("<Iii", 12 + 4 * len(fds), 1, SCM_RIGHTS)
    data += struct.pack(f"<{len(fds)}i", *fds)
    return guest.put(data), len(data)


def message(guest: Any, data: int, size: int, pieces: tuple[int, int] = (0, 0)) -> Any:
    vector = guest.put(struct.pack("<II", data, size))
    return guest.put(struct.pack("<7I", 0, 0, vector, 1, *pieces, 0))


# -- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [b"a", b"./a", b"n" * 105, b"\0abstract", b"\0" * 107])
def test_names_are_as_the_guest_gave_them(guest: Any, home: Path, name: bytes) -> None:
    client, accepted = connected(guest, name)
    shown = unix(name if name.startswith(b"\0") else name + b"\0")
    assert name_of(guest, "getpeername", client) == shown
    assert name_of(guest, "getsockname", accepted) == shown
    assert name_of(guest, "getsockname", client) == unix(b"")
    assert len(os.listdir(home)) == (0 if name.startswith(b"\0") else 1)
    again = guest.call("socket", UNIX, STREAM, 0)
    assert with_address(guest, "bind", again, unix(name)) == -errno.EADDRINUSE
    assert guest.call("send", client, b"hello", 5, 0) == 5
    assert guest.call("recv", accepted, guest.room(8), 8, 0) == 5


def test_a_socket_is_found_where_its_directory_has_moved(guest: Any, home: Path) -> None:
    (home / "d").mkdir()
    server(guest, b"d/s")
    (home / "d").rename(home / "e")
    client = guest.call("socket", UNIX, STREAM, 0)
    assert with_address(guest, "connect", client, unix(b"e/s")) == 0
    assert name_of(guest, "getpeername", client) == unix(b"d/s\0")


def test_an_answer_goes_to_the_address_of_the_question(guest: Any) -> None:
    one, two = (guest.call("socket", UNIX, DGRAM, 0) for _ in range(2))
    assert with_address(guest, "bind", one, unix(b"one")) == 0
    assert with_address(guest, "bind", two, struct.pack("<H", UNIX)) == 0  # any name
    to = unix(b"one")
    assert guest.call("sendto", two, b"?", 1, 0, to, len(to)) == 1
    room, size = guest.room(128), guest.put(struct.pack("<I", 128))
    assert guest.call("recvfrom", one, guest.room(8), 8, 0, room, size) == 1
    back = bytes(guest.memory.read(room, guest.memory.load(size, 4)))
    assert len(back) == 8
    assert back[:3] == unix(b"\0")
    assert guest.call("sendto", one, b"!", 1, 0, back, len(back)) == 1
    assert guest.call("recv", two, guest.room(8), 8, MSG_DONTWAIT) == 1


def test_wrong_addresses(guest: Any, home: Path) -> None:
    (home / "file").touch()
    fd = guest.call("socket", UNIX, STREAM, 0)
    for data, error in (
        (unix(b"none"), errno.ENOENT),
        (unix(b"file"), errno.ECONNREFUSED),
        (unix(b"\0none"), errno.ECONNREFUSED),
        (unix(b""), errno.EINVAL),
        (unix(b"x" * 109), errno.EINVAL),
        (inet("127.0.0.1", 1), errno.EINVAL),
    ):
        assert with_address(guest, "connect", fd, data) == -error, data
    assert guest.call("connect", fd, 4, 10) == -errno.EFAULT
    assert guest.call("connect", fd, b"", 129) == -errno.EINVAL
    assert guest.call("connect", fd, b"", -1) == -errno.EINVAL
    plain = guest.call("open", "file", O_RDWR, 0)
    assert with_address(guest, "bind", plain, unix(b"s")) == -errno.ENOTSOCK
    assert with_address(guest, "bind", 999, unix(b"s")) == -errno.EBADF


def test_sockets_outside_are_out_of_reach(guest: Any, tmp_path: Path) -> None:
    """Neither made nor connected to: programs of the host listen there. Abstract names of the host
    are others than the guest's."""
    outside = tmp_path / "outside" / "s"
    fd = guest.call("socket", UNIX, STREAM, 0)
    assert with_address(guest, "bind", fd, unix(bytes(outside))) == -errno.EROFS
    with socket.socket(UNIX) as host, socket.socket(UNIX) as abstract:
        host.bind(os.fsencode(outside))
        host.listen()
        abstract.bind(b"\0armdbt-test-%d" % os.getpid())
        abstract.listen()
        assert with_address(guest, "connect", fd, unix(bytes(outside))) == -errno.EACCES
        name = unix(b"\0armdbt-test-%d" % os.getpid())
        assert with_address(guest, "connect", fd, name) == -errno.ECONNREFUSED
    assert dict(guest.kernel.unknown_syscalls) == {
        "unix sockets outside of writable directories": 1
    }


def test_programs_of_the_host_may_connect(guest: Any, home: Path) -> None:
    listening = server(guest, b"s")
    with socket.socket(UNIX) as host:
        host.bind(os.fsencode(home / "client"))
        host.connect(os.fsencode(home / "s"))
        room, size = guest.room(128), guest.put(struct.pack("<I", 128))
        assert guest.call("accept4", listening, room, size, 0) > 2
        shown = bytes(guest.memory.read(room, guest.memory.load(size, 4)))
        assert shown == unix(os.fsencode(home / "client") + b"\0")[:110]


def test_the_room_for_an_address(guest: Any) -> None:
    fd = server(guest, b"name")
    room, size = guest.room(16), guest.put(struct.pack("<I", 4))
    assert guest.call("getsockname", fd, room, size) == 0
    assert guest.memory.read(room, 8) == unix(b"na") + bytes(4)
    assert guest.memory.load(size, 4) == 7
    guest.memory.store(size, 4, 0xFFFFFFFF)
    assert guest.call("getsockname", fd, room, size) == -errno.EINVAL


def test_an_address_that_the_convention_pads(guest: Any) -> None:
    """struct sockaddr_un has 112 bytes in the OABI (sys_oabi-compat.c)."""
    data = unix(b"\0" + b"x" * 107).ljust(112, b"\0")
    fd = guest.call("socket", UNIX, STREAM, 0)
    assert with_address(guest, "bind", fd, data) == -errno.EINVAL
    guest.kernel.request = Request(0, "", variant="oabi")
    assert with_address(guest, "bind", fd, data) == 0
    guest.kernel.request = Request(0, "")
    assert name_of(guest, "getsockname", fd) == data[:110]


# -- messages --------------------------------------------------------------------------------------


def test_descriptors_are_passed(guest: Any, home: Path) -> None:
    client, accepted = connected(guest, b"s")
    file = guest.call("open", "file", O_RDWR | O_CREAT, 0o600)
    assert guest.call("write", file, b"content", 7) == 7
    directory = guest.call("open", ".", 0, 0)
    sent = message(guest, guest.put(b"x"), 1, control(guest, file, directory))
    assert guest.call("sendmsg", client, sent, 0) == 1
    pieces = guest.room(64)
    got = message(guest, guest.room(1), 1, (pieces, 64))
    assert guest.call("recvmsg", accepted, got, 0x40000000) == 1
    length, level, kind, one, two = struct.unpack("<Iiiii", guest.memory.read(pieces, 20))
    assert (length, level, kind) == (20, 1, SCM_RIGHTS)
    assert guest.memory.load(got + 20, 4) == 20
    room = guest.room(8)
    assert guest.call("pread64", one, room, 8, 0, 0, 0) == 7
    assert guest.call("fcntl64", one, 1) == 1  # MSG_CMSG_CLOEXEC
    assert guest.call("openat", two, "file", 0, 0) > 2
    assert guest.call("getdents64", two, guest.room(512), 512) > 0
    assert guest.call("unlinkat", two, "file", 0) == 0
    assert not (home / "file").exists()


def test_descriptors_that_do_not_fit_are_closed(guest: Any) -> None:
    client, accepted = connected(guest, b"s")
    before = len(os.listdir("/proc/self/fd"))
    for room, expected in ((12 + 4, 1), (12 + 3, 0), (4, 0)):
        sent = message(guest, guest.put(b"x"), 1, control(guest, 0, 0, 0))
        assert guest.call("sendmsg", client, sent, 0) == 1
        got = message(guest, guest.room(1), 1, (guest.room(32), room))
        assert guest.call("recvmsg", accepted, got, 0) == 1
        assert guest.memory.load(got + 24, 4) & MSG_CTRUNC
        assert len(os.listdir("/proc/self/fd")) == before + expected
        before += expected


def test_wrong_control_data(guest: Any) -> None:
    client, _ = connected(guest, b"s")
    made_up = guest.call("open", "/proc", 0, 0)
    for pieces, error in (
        ((guest.room(16), 16), errno.EINVAL),  # a length of 0
        (control(guest, 999), errno.EBADF),
        (control(guest, made_up), errno.EINVAL),
        ((guest.put(struct.pack("<Iii", 12, 1, 99)), 12), errno.EINVAL),
        ((4, 16), errno.EFAULT),
        ((4, 1 << 20), errno.ENOBUFS),
    ):
        sent = message(guest, guest.put(b"x"), 1, pieces)
        assert guest.call("sendmsg", client, sent, 0) == -error


def test_credentials(guest: Any) -> None:
    client, accepted = connected(guest, b"s")
    assert guest.call("setsockopt", accepted, 1, 16, struct.pack("<i", 1), 4) == 0  # SO_PASSCRED
    assert guest.call("send", client, b"x", 1, 0) == 1
    pieces = guest.room(64)
    got = message(guest, guest.room(1), 1, (pieces, 64))
    assert guest.call("recvmsg", accepted, got, 0) == 1
    expected = (24, 1, 2, os.getpid(), os.getuid(), os.getgid())
    assert struct.unpack("<6i", guest.memory.read(pieces, 24)) == expected


def test_several_messages_at_once(guest: Any) -> None:
    pair = guest.room(8)
    assert guest.call("socketpair", UNIX, DGRAM, 0, pair) == 0
    one, two = struct.unpack("<ii", guest.memory.read(pair, 8))

    def messages(*parts: tuple[int, int]) -> Any:
        vectors = [guest.put(struct.pack("<II", *part)) for part in parts]
        return guest.put(b"".join(struct.pack("<8I", 0, 0, v, 1, 0, 0, 0, 9) for v in vectors))

    sent = messages((guest.put(b"a"), 1), (guest.put(b"bcd"), 3))
    assert guest.call("sendmmsg", one, sent, 2, 0) == 2
    assert [guest.memory.load(sent + at, 4) for at in (28, 60)] == [1, 3]
    room = guest.room(32)
    got = messages((room, 8), (room + 8, 8), (room + 16, 8))
    assert guest.call("recvmmsg", two, got, 3, 0x10000, 0) == 2  # MSG_WAITFORONE
    assert [guest.memory.load(got + at, 4) for at in (28, 60)] == [1, 3]
    assert guest.memory.read(room, 11) == b"a" + bytes(7) + b"bcd"
    nothing = guest.put(struct.pack("<ii", 0, 0))
    assert guest.call("recvmmsg", two, got, 1, MSG_DONTWAIT, nothing) == -errno.EAGAIN


def test_the_old_call_for_all(guest: Any) -> None:
    def socketcall(number: int, *words: int) -> Any:
        return guest.call("socketcall", number, struct.pack(f"<{len(words)}i", *words))

    fd = socketcall(1, UNIX, STREAM, 0)
    assert fd > 2
    data = unix(b"old")
    assert socketcall(2, fd, guest.put(data), len(data)) == 0
    assert socketcall(4, fd, 1) == 0
    assert name_of(guest, "getsockname", fd) == unix(b"old\0")
    for number in (0, 21, -1):
        assert socketcall(number, 0) == -errno.EINVAL
    assert guest.call("socketcall", 1, 4) == -errno.EFAULT


# -- the network -----------------------------------------------------------------------------------


@pytest.fixture
def on_net(make_guest: Callable[..., Any], home: Path) -> Any:
    return make_guest(cwd=str(home), allow_net=True)


def listening(guest: Any) -> tuple[Any, int]:
    """A socket that listens on the loopback interface, and its port."""
    fd = guest.call("socket", INET, STREAM, 0)
    assert with_address(guest, "bind", fd, inet("127.0.0.1", 0)) == 0
    assert guest.call("listen", fd, 5) == 0
    return fd, int.from_bytes(name_of(guest, "getsockname", fd)[2:4], "big")


def test_the_network_is_allowed_by_the_user(guest: Any) -> None:
    for family in (INET, 10):
        assert guest.call("socket", family, STREAM, 0) == -errno.EAFNOSUPPORT
    assert dict(guest.kernel.unknown_syscalls) == {"sockets of the network (--allow-net)": 2}


def test_connections_on_the_loopback_interface(on_net: Any) -> None:
    fd, port = listening(on_net)
    client = on_net.call("socket", INET, STREAM, 0)
    assert with_address(on_net, "connect", client, inet("127.0.0.1", port)) == 0
    accepted = on_net.call("accept", fd, 0, 0)
    assert on_net.call("setsockopt", client, 6, 1, struct.pack("<i", 1), 4) == 0  # TCP_NODELAY
    assert on_net.call("send", client, b"hello", 5, 0) == 5
    assert on_net.call("recv", accepted, on_net.room(8), 8, 0) == 5


def test_other_hosts_are_out_of_reach(on_net: Any) -> None:
    for kind in (STREAM, DGRAM):
        fd = on_net.call("socket", INET, kind, 0)
        data = inet("192.0.2.1", 80)
        assert with_address(on_net, "connect", fd, data) == -errno.ENETUNREACH
        assert on_net.call("sendto", fd, b"x", 1, 0, data, 16) == -errno.ENETUNREACH
        host = on_net.kernel.files.host_fd(fd)
        with socket.socket(fileno=os.dup(host)) as found:
            assert found.getsockopt(1, 25, 16).rstrip(b"\0") == b"lo"
    assert on_net.kernel.unknown_syscalls["other hosts (--allow-host)"] == 4


def test_no_other_kinds_of_sockets(on_net: Any) -> None:
    for kind, protocol in ((3, 0), (3, 1), (2, 1), (STREAM, 132), (5, 132)):
        assert on_net.call("socket", INET, kind, protocol) == -errno.EPROTONOSUPPORT
    for family in set(range(45)) - {UNIX, INET, 10}:
        assert on_net.call("socket", family, STREAM, 0) == -errno.EAFNOSUPPORT


def test_what_comes_from_other_hosts_is_dropped(
    make_guest: Callable[..., Any], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """127.0.0.2 is another host here."""
    monkeypatch.setattr(network, "_LOOPBACK", ("127.0.0.1/32",))
    guest = make_guest(cwd=str(home), allow_net=["192.0.2.0/24"])
    fd, port = listening(guest)
    receiver = guest.call("socket", INET, DGRAM, 0)
    assert with_address(guest, "bind", receiver, inet("127.0.0.1", 0)) == 0
    to = "127.0.0.1", int.from_bytes(name_of(guest, "getsockname", receiver)[2:4], "big")
    for host in ("127.0.0.2", "127.0.0.1"):
        with socket.socket() as client, socket.socket(type=socket.SOCK_DGRAM) as sender:
            client.bind((host, 0))
            client.connect(("127.0.0.1", port))
            sender.bind((host, 0))
            sender.sendto(host.encode(), to)
            room, size = guest.room(16), guest.put(struct.pack("<I", 16))
            if host == "127.0.0.1":
                assert guest.call("accept", fd, room, size) > 2
                assert guest.memory.read(room + 4, 4) == socket.inet_aton(host)
                data = guest.room(16)
                assert guest.call("recv", receiver, data, 16, 0) == 9
                assert guest.memory.read(data, 9) == b"127.0.0.1"
            else:
                assert guest.call("recv", receiver, room, 16, MSG_DONTWAIT) == -errno.EAGAIN


def test_addresses_of_hosts() -> None:
    net = network.Network(["192.0.2.0/24", "2001:db8::/32"])
    six = array.array("H", [10]).tobytes() + bytes(6)
    assert net.reaches(inet("192.0.2.255", 1))
    assert not net.reaches(inet("192.0.3.0", 1))
    assert net.reaches(six + socket.inet_pton(10, "2001:db8::1") + bytes(4))
    assert not net.reaches(six + socket.inet_pton(10, "2001:db9::1") + bytes(4))
    assert net.reaches(six + socket.inet_pton(10, "::ffff:127.0.0.1") + bytes(4))
    assert not net.reaches(six + socket.inet_pton(10, "::ffff:192.0.3.1") + bytes(4))
    assert net.reaches(inet("0.0.0.0", 1))


@pytest.mark.parametrize("hosts", ["example.org", "192.0.2.1/24", ["::1/129"], 5])
def test_hosts_are_addresses(make_guest: Callable[..., Any], home: Path, hosts: object) -> None:
    with pytest.raises(UsageError):
        make_guest(cwd=str(home), allow_net=hosts)
