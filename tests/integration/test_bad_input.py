"""What is wrong with the input or the guest is said in a few words: no traceback, a useful status."""

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest
from support.guests import guest
from support.runs import command

from dbt import cli
from dbt.ir import ops
from dbt.ir.block import Block, Const, Inst
from dbt.ir.types import I32
from dbt.passes import registry
from dbt.process.ending import EXIT_STOPPED

HELLO = guest("hello")


def patched(**places: int) -> Callable[[Path], None]:
    """Writes hello.elf with bytes of its header changed: ``at18=3`` puts 3 at offset 18."""

    def write(path: Path) -> None:
        data = bytearray(HELLO.read_bytes())
        for place, value in places.items():
            data[int(place[2:])] = value
        path.write_bytes(data)

    return write


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: None, "no such file"),
    "directory": (Path.mkdir, "is a directory"),
    "dangling": (lambda path: path.symlink_to("nowhere"), "no such file"),
    "empty": (Path.touch, "is empty"),
    "text": (lambda path: path.write_text("hello\n"), "not an ELF file"),
    "cut-header": (lambda path: path.write_bytes(HELLO.read_bytes()[:40]), "truncated"),
    "cut-program-headers": (lambda path: path.write_bytes(HELLO.read_bytes()[:60]), "truncated"),
    "64-bit": (lambda path: shutil.copy(sys.executable, path), "64-bit"),
    "x86": (patched(at18=3), "x86, not ARM"),
    "big-endian": (patched(at5=2, at18=0, at19=40), "big-endian"),
    "relocatable": (patched(at16=1), "not a program"),
    "core": (patched(at16=4), "not a program"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_no_program(name: str, tmp_path: Path) -> None:
    make, words = BAD[name]
    make(tmp_path / "prog")
    outcome = command("run", "prog", cwd=tmp_path)
    assert outcome.status == 2
    assert outcome.stdout == b""
    assert re.fullmatch(rf"armdbt: \S*: [^\n]*{words}[^\n]*\n", outcome.stderr.decode())


@pytest.mark.parametrize("given", ["/bin/sh", "bin/prog", "prog"])
def test_a_path_of_the_guest(given: str, tmp_path: Path) -> None:
    """The program is a path of the host, with -L too: the message says so when it was meant so."""
    (tmp_path / "root" / "bin").mkdir(parents=True)
    for name in ("sh", "prog"):
        shutil.copy(HELLO, tmp_path / "root" / "bin" / name)
    outcome = command("run", "-L", "root", given, cwd=tmp_path)
    meant = f"root/bin/{Path(given).name}"
    assert outcome.status == 2
    assert re.fullmatch(
        rf"armdbt: {given}: [^\n]*; the program is a path of the host: did you mean {meant}\?\n",
        outcome.stderr.decode(),
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--bogus", "--bogus"),
        ("--max-insns many", "'many' is no whole number"),
        ("--max-insns=-1", "negative"),
        ("--timeout soon", "soon"),
        ("--timeout nan", "not nan"),
        ("--timeout=-1", "0 or more"),
        ("--max-insns 1e9", "'1e9' is no whole number"),
        ("-s 0", "argument -s: a stack has 262144 to "),
        ("-s 1000000000000", " bytes, not 1000000000000"),
        ("-d ir -dfilter 5..1", "ends before it begins"),
        ("-dfilter 0x10000+4", "-dfilter chooses among the blocks that -d dumps: give -d, too"),
        ("-E =VAL", "VAR=VAL"),
        ("-U A=B", "the name of a variable"),
        ("--tier 9", "no tier '9' (one of 0, 1, 2, auto)"),
        ("--memory-checks no", "no kind of memory checks 'no' (one of mmu, explicit)"),
        ("--backend abacus", "no backend 'abacus'"),
        ("-d ir,nonsense", "no dump item 'nonsense'"),
        ("-d ir -dfilter main", "neither A..B nor A+SIZE nor A"),
        ("-d ir -D /no/such/place", "No such file"),
        ("-E NAME", "VAR=VAL"),
        ("-L /no/such/root", "not a directory"),
        ("--allow-write /no/such/place", "not a directory"),
        ("--chain al", "no chain mode 'al'; did you mean 'all'? (one of off, direct, all)"),
        ("--unit page", "no unit 'page' (one of auto, block, loop, function)"),
        ("--inject read:EOI", "no error 'EOI'; did you mean 'EIO'?"),
        ("--inject raed:EIO", "no system call 'raed'; did you mean 'read'?"),
        ("--no-pass dead-cod", "no pass 'dead-cod'; did you mean 'dead-code'?"),
        ("--no-pass speed", "no pass 'speed'"),
        ("--no-chain nobody", "no symbol 'nobody'"),
        ("--no-chain 0x1025a", "no instruction begins at 0x1025a: the address is not aligned"),
        ("-p nosuch", "no pass 'nosuch'"),
        ("-p Shadow!", "a pass is spelled"),
        ("-p shadow-stack{depth=3}", "no option 'depth'"),
        ("-p shadow-stack{trap=perhaps}", "true or false"),
        ("-p block-count{x=1}", "pass block-count takes no options, not 'x=1'"),
        ("-p swi-filter{allow=fly}", "no system call 'fly'"),
    ],
)
def test_an_option_that_makes_no_sense(options: str, words: str, tmp_path: Path) -> None:
    outcome = command("run", *options.split(), str(HELLO), cwd=tmp_path)
    assert outcome.status == 2
    assert outcome.stdout == b""
    text = outcome.stderr.decode()
    assert text.startswith("armdbt: ")
    assert text.count("\n") == 1
    assert words in text


@pytest.mark.parametrize(
    "options",
    [
        "--timeout inf",
        "--hot 99999999999",
        "--timeout 1e300",
        f"--max-insns {1 << 70}",
        f"-seed {1 << 90}",
        "-E A=",
    ],
)
def test_an_option_as_large_as_one_likes(options: str, tmp_path: Path) -> None:
    outcome = command("run", *options.split(), str(HELLO), cwd=tmp_path)
    assert (outcome.status, outcome.stderr) == (0, b"")


@pytest.mark.parametrize("where", ["nobody", "0x4", "0xfffffffe"])
def test_explaining_what_is_no_code(where: str, tmp_path: Path) -> None:
    outcome = command("explain", str(HELLO), where, cwd=tmp_path)
    assert (outcome.status, outcome.stderr.count(b"\n")) == (2, 1)


# -- Guests that are killed ------------------------------------------------------------------------


@attrs.frozen
class Death:
    signal: int
    words: tuple[str, ...]


DEATHS = {
    "null": Death(11, ("SIGSEGV", "main+", "read of 0x00000000", "ldr")),
    "high": Death(11, ("SIGSEGV", "main+", "read of 0xfffffff", "ldr")),
    "rodata": Death(11, ("SIGSEGV", "main+", "write of 0x", "str")),
    "noexec": Death(11, ("SIGSEGV", "execute of 0x", "not executable")),
    "jump-null": Death(11, ("SIGSEGV", "execute of 0x00000000", "not executable")),
    "stack": Death(11, ("SIGSEGV", "dig+", "write of 0x", "sp")),
    "undefined": Death(4, ("SIGILL", "main+", "undefined", "udf")),
    "bkpt": Death(5, ("SIGTRAP", "main+", "breakpoint", "bkpt")),
}


@pytest.mark.parametrize("tier", ["0", "2"])
@pytest.mark.parametrize("deed", DEATHS)
def test_a_killed_guest_leaves_a_report(deed: str, tier: str, tmp_path: Path) -> None:
    death = DEATHS[deed]
    outcome = command("run", "--tier", tier, str(guest("faults")), deed, cwd=tmp_path)
    text = outcome.stderr.decode()
    assert outcome.status == 128 + death.signal
    assert not outcome.crashed
    assert outcome.stdout == f"before {deed}\n".encode()
    for word in death.words:
        assert word in text
    pc = re.search(r"killed by \w+ at 0x([0-9a-f]{8})", text)
    assert pc
    assert f"pc {pc[1]}" in text
    assert all(re.search(rf" r{n} [0-9a-f]{{8}}", text) for n in range(15))
    assert "Traceback" not in text


def test_calls_that_do_not_exist_are_listed(tmp_path: Path) -> None:
    outcome = command(
        "run", "--tier", "0", "--stats", str(guest("faults")), "unknown-syscall", cwd=tmp_path
    )
    assert b"returned -38" in outcome.stdout
    assert re.search(rb"not supported: \w+ \(1 times\)", outcome.stderr)


# -- Passes that are wrong ---------------------------------------------------------------------------


@attrs.frozen
class UsesBeforeDefinition:
    """A pass with a mistake."""

    def run(self, block: Block) -> None:
        late = Inst(ops.GET, (), I32, ("r0",))
        wrong = Inst(ops.ADD, (late, Const(1, I32)), I32)
        block.insts[1:1] = [wrong, late]


def test_a_pass_that_makes_bad_ir_is_named(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(registry._PASSES, "mistaken", UsesBeforeDefinition)
    assert cli.main(["run", "--tier", "0", "-p", "mistaken", str(HELLO)]) == EXIT_STOPPED
    out, err = capfd.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert lines[0].startswith("armdbt: a pass made invalid IR: mistaken: block 0x")
    marked = next(n for n, line in enumerate(lines) if "^ " in line)
    assert "an operand is used before it is computed" in lines[marked]
    assert "= add" in lines[marked - 1]
    assert "Traceback" not in err
