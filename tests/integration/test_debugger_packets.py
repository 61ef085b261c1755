"""What a debugger that is not gdb may send: it gets answers, and no traceback."""

import json
import os
import random
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.debugger import ROOT, SECONDS, wait_for
from support.guests import DEMO, guest, symbols

import dbt

OPTIONS = ("-seed", "1", "-E", "LC_ALL=C")


class Client:
    """A connection."""

    def __init__(
        self, door: Path, process: "subprocess.Popen[str]", *, acknowledging: bool
    ) -> None:
        self.process = process
        wait_for(door, process)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(SECONDS)
        self.socket.connect(str(door))
        self._buffer = b""
        if not acknowledging:
            assert self.ask(b"QStartNoAckMode") == b"OK"

    def send(self, contents: bytes) -> None:
        self.socket.sendall(b"$%s#%02x" % (contents, sum(contents) & 0xFF))

    def receive(self) -> bytes:
        while b"#" not in self._buffer[:-2]:
            more = self.socket.recv(1 << 16)
            if not more:
                raise EOFError
            self._buffer += more
        packet, _, self._buffer = self._buffer.partition(b"#")
        self._buffer = self._buffer[2:]
        return packet.lstrip(b"+")[1:]

    def ask(self, contents: bytes) -> bytes:
        self.send(contents)
        return self.receive()

    def end(self) -> tuple[int, str, str]:
        """Status, standard output and standard error of the program."""
        self.socket.close()
        stdout, stderr = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, stdout, stderr.split("\n", 1)[1]


@contextmanager
def connected(
    home: Path, program: Path, *args: str, more: Sequence[str] = (), acknowledging: bool = False
) -> Iterator[Client]:
    door = home / "door"
    command = [sys.executable, "-m", "dbt", "run", *OPTIONS, *more, "-g", str(door)]
    with subprocess.Popen(
        [*command, str(program), *args],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # pytest's own variable is longer in some phases of a test, and the stack begins below it.
        env={name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
        | {"PYTHONPATH": str(ROOT)},
    ) as process:
        try:
            yield Client(door, process, acknowledging=acknowledging)
        finally:
            process.kill()


def ends_as_alone(client: Client, args: Sequence[str] = ("2",)) -> str:
    """The program runs on to its end. Returns what armdbt has said."""
    status, stdout, stderr = client.end()
    alone = subprocess.run(
        [sys.executable, "-m", "dbt", "run", *OPTIONS, str(DEMO), *args],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert status == alone.returncode
    lines = [line for line in stdout.splitlines() if "process" not in line]
    assert lines == [line for line in alone.stdout.splitlines() if "process" not in line]
    return stderr


MALFORMED = [
    b"", b"g1", b"G", b"G00", b"p", b"pzz", b"p10", b"pffffffff", b"P", b"P1", b"P1=", b"P1=0",
    b"P1=zz", b"m", b"m1", b"m1,", b"m,1", b"m-1,4", b"m 1,4", b"m0x8000,4", b"m0,4", b"mffffffff,8",
    b"M8000,4", b"M8000,4:00", b"M0,1:00", b"Mffffffff,2:0000", b"X8000,4:ab", b"X0,1:a", b"X",
    b"Z", b"Z0", b"Z0,1", b"Z9,1,4", b"Z2,8000,0", b"Z2,8000,ffffffff", b"z2,1,4;X", b"Zx,1,4", b"H",
    b"Hx0", b"Hg", b"Hg7777", b"Hgp1.", b"Hgpx.1", b"T", b"T7777", b"vCont;", b"vCont;x", b"vCont;C",
    b"vCont;Cff", b"vCont;s:7777", b"vCont;r1", b"vCont;r1,2,3", b"vCont;c1", b"vCont;t", b"C", b"Czz",
    b"qXfer", b"qXfer:", b"qXfer:features:read:target.xml", b"qXfer:features:read:other:0,10",
    b"qXfer:features:write:target.xml:0,10", b"qXfer:nothing:read::0,10", b"qXfer:auxv:read::-1,4",
    b"qXfer:features:read:target.xml:ffffffff,ffffffff", b"qRcmd,1", b"qRcmd,zz", b"vFile",
    b"vFile:", b"vFile:open:", b"vFile:open:zz,0,0", b"vFile:open:2f00,0,0", b"vFile:open:2f,0,0",
    b"vFile:open:2f746d702f78,241,1ff", b"vFile:pread:99,1,0", b"vFile:close:99", b"vFile:fstat:0",
    b"vFile:unlink:2f", b"qThreadExtraInfo,zz", b"QPassSignals:zz", b"qSupported", b"bs", b"bc", b"R0",
    b"!", b"vRun;", b"vAttach;1", b"qSearch:memory:0;1;1", b"qGetTLSAddr:1,2,3", b"\xff\xfe", b"}",
    b"g" * 5000, b"vCont;" + b"c;" * 4000,
]  # fmt: skip


def test_malformed_packets_get_errors(tmp_path: Path) -> None:
    with connected(tmp_path, DEMO, "2") as client:
        for packet in MALFORMED:
            answer = client.ask(packet)
            assert answer[:1] not in (b"T", b"W", b"X"), packet
            if packet[:1] in (b"b", b"R", b"!"):
                assert answer == b""
        assert client.ask(b"D") == b"OK"
        assert ends_as_alone(client) == ""


def test_drawn_packets_get_answers(tmp_path: Path) -> None:
    draw = random.Random(1)
    names = [b"g", b"p", b"P", b"m", b"X", b"Z", b"z", b"H", b"T", b"qXfer:", b"vFile:", b"q", b"v"]
    with connected(tmp_path, DEMO, "2") as client:
        for _ in range(500):
            tail = draw.randbytes(draw.randrange(20)).translate(None, b"#$}")
            packet = draw.choice(names) + draw.choice([tail, tail.hex().encode(), b"0,", b"1:"])
            answer = client.ask(packet)
            assert answer[:1] not in (b"T", b"W"), packet
        assert ends_as_alone(client).startswith("armdbt: the debugger has gone")


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "a packet begins with '$', not b'GET / HTTP/1.1"),
        (b"$" + b"m" * 20000, "a packet has at most 16384 bytes"),
        (b"$g#00", "a packet's checksum is wrong"),
        (b"$g#zz", "a packet's checksum is wrong"),
    ],
)
def test_what_is_no_packet_ends_the_conversation(sent: bytes, said: str, tmp_path: Path) -> None:
    with connected(tmp_path, DEMO, "2") as client:
        client.socket.sendall(sent)
        with pytest.raises((EOFError, ConnectionError)):
            client.receive()
        told = ends_as_alone(client)
        assert said in told
        assert len(told.splitlines()) == 1


@pytest.mark.parametrize("packets", [[], [b"Z0,{fib:x},4", b"c"], [b"Z2,{main:x},4", b"s"], [b"?"]])
def test_a_program_runs_on_when_the_connection_breaks(packets: list[bytes], tmp_path: Path) -> None:
    where = {name: address & ~1 for name, address in symbols(DEMO).items()}
    with connected(tmp_path, DEMO, "2") as client:
        for packet in packets:
            client.ask(packet.decode().format_map(where).encode())
        told = ends_as_alone(client)
        assert told == "armdbt: the debugger has gone, and the program runs on without it\n"


def test_a_connection_may_break_while_the_program_runs(tmp_path: Path) -> None:
    with connected(tmp_path, DEMO, "2") as client:
        client.send(b"c")
        told = ends_as_alone(client)
        assert told in ("", "armdbt: the debugger has gone, and the program runs on without it\n")


def test_a_program_is_killed(tmp_path: Path) -> None:
    with connected(tmp_path, DEMO, "2") as client:
        assert client.ask(b"vKill;1") == b"OK"
        assert client.end() == (128 + 9, "", "")


def test_damaged_packets_are_sent_again(tmp_path: Path) -> None:
    with connected(tmp_path, DEMO, "2", acknowledging=True) as client:
        client.socket.sendall(b"$qAttached#00")
        assert client.socket.recv(100) == b"-"
        client.send(b"qAttached")
        assert client.receive() == b"0"
        client.socket.sendall(b"-")
        assert client.receive() == b"0"
        client.socket.sendall(b"+")
        for _ in range(5):  # that the answer was not understood counts, too
            client.socket.sendall(b"$qAttached#00")
        assert "a packet came damaged 6 times in a row" in ends_as_alone(client)


def test_counts_are_those_without_a_debugger(tmp_path: Path) -> None:
    figures = [tmp_path / "alone.json", tmp_path / "debugged.json"]
    where = {name: address & ~1 for name, address in symbols(DEMO).items()}
    command = [sys.executable, "-m", "dbt", "run", *OPTIONS]
    subprocess.run(
        [*command, "--stats-json", str(figures[0]), str(DEMO), "3"],
        check=False,
        capture_output=True,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
    )
    with connected(tmp_path, DEMO, "3", more=("--stats-json", str(figures[1]))) as client:
        assert client.ask(b"Z0,%x,4" % where["helper"]) == b"OK"
        assert client.ask(b"c").startswith(b"T05")
        for _ in range(50):
            assert client.ask(b"s").startswith(b"T05")
        pointer = int.from_bytes(bytes.fromhex(client.ask(b"pd").decode()), "little")
        assert client.ask(b"Z2,%x,4" % (pointer - 4)) == b"OK"
        for _ in range(5):
            assert client.ask(b"c").startswith(b"T05")
        assert client.ask(b"z0,%x,4" % where["helper"]) == b"OK"
        assert client.ask(b"z2,%x,4" % (pointer - 4)) == b"OK"
        assert client.ask(b"c").startswith(b"W")
        client.end()
    counts = [json.loads(file.read_text())["instructions"] for file in figures]
    assert counts[0] == counts[1]


def test_a_door_that_cannot_be_made_is_an_error_of_usage(tmp_path: Path) -> None:
    for where in (str(tmp_path / "no" / "door"), "65536", str(tmp_path), ":1234"):
        done = subprocess.run(
            [sys.executable, "-m", "dbt", "run", "-g", where, str(guest("hello"))],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
        assert done.returncode == 2
        assert done.stderr.startswith(f"armdbt: -g {where}: ")
        assert len(done.stderr.splitlines()) == 1


def test_what_is_called_amid_a_sleep_sleeps_by_itself() -> None:
    with dbt.Process(str(guest("waiting")), ["nanosleep"], env={}) as process:
        debuggee, thread = process.debuggee(), process.kernel.threads.current
        while thread.sleep_until is None:
            process.run(timeout=0.1)
        here = debuggee.read(debuggee.current, lambda _, location: location)
        debuggee.change(debuggee.current, lambda _, location: location)
        assert thread.sleep_until is not None
        debuggee.change(debuggee.current, lambda *_: process.resolve("syscall6"))
        assert thread.sleep_until is None
        debuggee.change(debuggee.current, lambda *_: here)
        assert debuggee.read(debuggee.current, lambda _, location: location) == here


SETTINGS = {
    "copied": ("--tier", "0"),
    "explicit": ("--tier", "0", "--memory-checks", "explicit"),
    "unchained": ("--tier", "0", "--chain", "off"),
    "compiled": ("--tier", "1"),
    "optimised": ("--tier", "2"),
    "regions": ("--tier", "auto", "--hot", "20", "--background", "off"),
    "reference": ("--backend", "reference"),
}


def stops(client: Client) -> list[bytes]:
    """What a debugger is told of the demo: breakpoints, steps, accesses; and all registers."""
    where = {name: address & ~1 for name, address in symbols(DEMO).items()}
    told: list[bytes] = []

    def ask(*packets: bytes) -> None:
        told.extend(re.sub(rb"thread:[^;]*;", b"", client.ask(packet)) for packet in packets)

    helper, fib = b"0,%x,4" % where["helper"], b"1,%x,4" % where["fib"]
    ask(b"Z" + helper, b"c", b"g", b"c", b"z" + helper, b"s", b"s", b"s")
    ask(b"Z" + fib, b"c", b"g", *[b"c"] * 40, b"z" + fib)
    pointer = int.from_bytes(bytes.fromhex(client.ask(b"pd").decode()), "little")
    for kind in (b"2", b"3", b"4"):
        watched = b"%s,%x,2" % (kind, pointer - 6)
        ask(b"Z" + watched, *[b"c"] * 6, b"g", b"z" + watched, b"s")
    ask(
        b"Z" + fib, b"c", b"z" + fib, b"vCont;r%x,%x" % (where["fib"], where["fib"] + 8), b"g", b"c"
    )
    return told


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    home = tmp_path_factory.mktemp("copied")
    with connected(home, DEMO, "3", more=SETTINGS["copied"]) as client:
        told = stops(client)
    assert told[-1] == b"W00"
    assert all(any(reason in stop for stop in told) for reason in (b";watch", b"awatch", b"rwatch"))
    return told


@pytest.mark.rotates("setting")
@pytest.mark.parametrize("setting", SETTINGS)
def test_stops_are_the_same_in_every_setting(
    setting: str, copied: list[bytes], tmp_path: Path
) -> None:
    with connected(tmp_path, DEMO, "3", more=SETTINGS[setting]) as client:
        assert stops(client) == copied


def test_a_debugger_decides_how_far_a_program_runs(tmp_path: Path) -> None:
    for limit in (("--max-insns", "5"), ("--timeout", "5")):
        done = subprocess.run(
            [sys.executable, "-m", "dbt", "run", *limit, "-g", "door", str(guest("hello"))],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        told = "armdbt: -g: with a debugger there is neither --max-insns nor --timeout\n"
        assert (done.returncode, done.stderr) == (2, told)


def test_a_port_is_one_of_this_machine_alone() -> None:
    command = [sys.executable, "-m", "dbt", "run", "-g", "0", str(guest("hello"))]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline().decode()
            found = re.fullmatch(
                r"armdbt: waiting for a debugger: target remote (127\.0\.0\.1):(\d+)\n", line
            )
            assert found
            with socket.create_connection((found[1], int(found[2]))) as stream:
                stream.sendall(b"$D#44")
                assert stream.recv(100).startswith(b"+")
                assert process.wait(SECONDS) == 0
        finally:
            process.kill()
