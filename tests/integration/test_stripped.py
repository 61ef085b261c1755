"""Programs without symbols: their functions are found, and called by their addresses."""

from pathlib import Path

import pytest
from support.guests import guest, symbols
from support.oracle import need_armhf_root, need_root
from support.runs import command

import dbt
from dbt.hooks.mechanisms import MECHANISMS
from dbt.linux.options import LinuxOptions
from dbt.stops import UsageError

STATES = pytest.mark.parametrize("name", ["named", "thumb_named"])
CALLED = ["_ZN3Foo3barEi", "_Z7largestIiET_S0_S0_", "grant", "main"]


def stripped(name: str, tmp_path: Path) -> str:
    """The path of a program without section headers, and so without symbols."""
    data = bytearray(guest(name).read_bytes())
    data[32:36] = bytes(4)  # e_shoff
    data[48:52] = bytes(4)  # e_shnum, e_shstrndx
    path = tmp_path / f"{name}.stripped"
    path.write_bytes(data)
    path.chmod(0o755)
    return str(path)


def called(name: str, function: str) -> str:
    """What a function is called in the program without symbols."""
    return f"sub_{symbols(guest(name))[function] & ~1:x}"


@pytest.mark.rotates("mechanism")
@STATES
@pytest.mark.parametrize("mechanism", ["auto", *MECHANISMS])
def test_functions_are_hooked_by_their_addresses(name: str, mechanism: str, tmp_path: Path) -> None:
    wanted = [called(name, function) for function in CALLED]
    seen: list[tuple[str, int | None]] = []
    with dbt.Process(stripped(name, tmp_path), env={}, stdout=dbt.CAPTURE) as process:
        for one in wanted:
            process.hooks.on_call(
                one, lambda event: seen.append((event.symbol, None)), mechanism=mechanism
            )
        process.hooks.on_return(
            wanted[1], lambda event: seen.append((event.symbol, event.result)), mechanism=mechanism
        )
        location = process.resolve(wanted[0])
        assert location & 1 == name.startswith("thumb")
        assert process.resolve(location & ~1) == location
        process.run()
    main, bar, largest, grant = wanted[3], *wanted[:3]
    assert seen == [(main, None), (bar, None), (largest, None), (largest, 5), (grant, None)]


@STATES
def test_all_that_were_found_are_watched(name: str, tmp_path: Path) -> None:
    path = stripped(name, tmp_path)
    words = ("--format", "profile", "--format", "tree:tree", path)
    outcome = command("calls", *words, cwd=tmp_path)
    assert outcome.status == 0
    whole = command("calls", "--format", "tree:whole", str(guest(name)), cwd=tmp_path)
    assert whole.status == 0
    for function in (*CALLED, "_ZN5shape5Round5firstEv", "flush"):
        assert f" {called(name, function)} " in outcome.stderr.decode()
        assert f" {called(name, function)}(" in (tmp_path / "tree").read_text()


SETTINGS = (
    (), ("--tier", "0"), ("--tier", "2"), ("--mechanism", "trap"), ("--mechanism", "shadow"),
    ("--hot", "1", "--background", "off"), ("--backend", "reference"),
)  # fmt: skip


@STATES
@pytest.mark.parametrize("setting", SETTINGS, ids=lambda words: " ".join(words) or "default")
def test_what_only_a_pointer_leads_to_is_found_when_it_is_called(
    name: str, setting: tuple[str, ...], tmp_path: Path
) -> None:
    """It saves nothing, so that no data tells that it is a function. The call itself counts."""
    path = stripped(name, tmp_path)
    one = called(name, "behind_a_pointer")
    with dbt.Process(path, env={}) as process, pytest.raises(UsageError):
        process.resolve(one)
    outcome = command("calls", *setting, path, cwd=tmp_path)
    assert outcome.status == 0
    lines = [
        line.split() for line in outcome.stderr.decode().splitlines() if f" {one}(0xa, " in line
    ]
    assert [(line[0], line[-1]) for line in lines] == [("2", "0x9")]


@STATES
def test_functions_are_told_when_they_are_called_first(name: str, tmp_path: Path) -> None:
    seen: list[tuple[int, str]] = []
    with dbt.Process(stripped(name, tmp_path), env={}, stdout=dbt.CAPTURE) as process:
        symbolizer = process.kernel.symbolizer

        def found(location: int) -> None:
            symbolizer.add_function(location)
            symbolizer.add_function(location)  # which changes nothing
            seen.append((location, process.symbolize(location & ~1)))

        remove = process.hooks.on_first_call(symbolizer.is_unknown, found)
        with pytest.raises(UsageError, match="already"):
            process.hooks.on_first_call(symbolizer.is_unknown, found)
        process.run()
        place = symbols(guest(name))["behind_a_pointer"]
        one = called(name, "behind_a_pointer")
        assert seen == [(place & ~1 | name.startswith("thumb"), f"{one} in {name}.stripped")]
        assert process.resolve(one) == seen[0][0]
        remove()
        process.hooks.on_first_call(symbolizer.is_unknown, found)()


def test_what_a_hook_on_first_calls_raises_ends_the_run(tmp_path: Path) -> None:
    def fail(location: int) -> None:
        raise ArithmeticError(f"{location:#x}")

    with dbt.Process(stripped("named", tmp_path), env={}, stdout=dbt.CAPTURE) as process:
        process.hooks.on_first_call(process.kernel.symbolizer.is_unknown, fail)
        with pytest.raises(ArithmeticError):
            process.run()
        assert process.run().status == 0
        assert process.stdout == b"sum 185\n"


@STATES
def test_they_are_asked_for_and_explained(name: str, tmp_path: Path) -> None:
    path = stripped(name, tmp_path)
    one = called(name, "_ZN3Foo3barEi")
    outcome = command("calls", "--only", one, "--no-syscalls", path, cwd=tmp_path)
    assert f" {one}(0x1, " in outcome.stderr.decode()
    shown = command("explain", path, one, cwd=tmp_path).stdout.decode()
    first = shown.splitlines()[1]
    assert first == f"0x{int(one[4:], 16):08x}  " + (
        "adds r0, #1" if "thumb" in name else "add r0, r0, #1"
    )


@STATES
def test_a_crash_report_names_them(name: str, tmp_path: Path) -> None:
    outcome = command("run", stripped(name, tmp_path), "crash", cwd=tmp_path)
    assert outcome.status == 128 + 11
    first = outcome.stderr.decode().splitlines()[0]
    assert first.endswith(f"({called(name, 'fall')} in {name}.stripped)")


@pytest.mark.parametrize("asked", ["sub_10441", "sub_0", "sub_", "sub_xyz", "sub_ffffffffff"])
def test_what_is_no_beginning_is_unknown(asked: str, tmp_path: Path) -> None:
    with (
        dbt.Process(stripped("named", tmp_path), env={}) as process,
        pytest.raises(UsageError) as no,
    ):
        process.resolve(asked)
    assert str(no.value).startswith(f"no symbol {asked!r}")


def test_a_program_with_symbols_has_no_other_names() -> None:
    with dbt.Process(str(guest("named")), env={}) as process:
        assert not [
            n for n in process.kernel.symbolizer.functions().values() if n.startswith("sub_")
        ]
        with pytest.raises(UsageError):
            process.resolve(called("named", "main"))


@pytest.mark.parametrize("architecture", ["armel", "armhf"])
def test_programs_of_debian(architecture: str) -> None:
    """Thumb code of armhf, with a table for unwinding, and ARM code of armel. Of libraries those
    are watched that symbols name; the others have names, too."""
    root = need_armhf_root() if architecture == "armhf" else need_root()
    with dbt.Process(
        str(root / "bin/ls"),
        ["/bin"],
        env={},
        linux=LinuxOptions(root=str(root)),
        stdout=dbt.CAPTURE,
    ) as process:
        seen: list[str] = []
        functions = process.kernel.symbolizer.functions()
        mine = [pc for pc, name in functions.items() if name.startswith("sub_")]
        assert len(mine) > 50
        thumb = sum(pc & 1 for pc in mine)
        assert thumb > 50 if architecture == "armhf" else thumb == 0
        process.hooks.trace(mine, lambda record: seen.append(record.symbol), syscalls=False)
        process.run()
        assert process.stdout is not None
        assert b"ls\n" in process.stdout
        assert len({name for name in seen if name.startswith("sub_")}) > 20
        assert not [name for name in seen if "+" in name]
