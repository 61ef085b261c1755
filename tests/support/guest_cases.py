"""Command lines of our own small guest programs."""

from pathlib import Path

from support.guests import BENCHMARKS, DEMO, guest
from support.oracle import Case

PROGRAMS = {
    "hello": [()],
    "start_stack": [("one", "two words", "")],
    "faults": [
        (deed,)
        for deed in """none null unmapped high rodata noexec wild jump-null stack undefined
        undefined-not-taken bkpt abort unknown-syscall bad-pointer""".split()  # noqa: SIM905
    ],
    "selfmod": [()],
    "signals": [()],
    "setjmp": [()],
    "indirect": [("500",)],
    "oabi": [()],
    "bad_swi": [()],
    "spin": [("x",)],
    "unaligned": [()],
    "conditional_call": [()],
    "syscall_loop": [()],
    "retargeted": [("briefly",)],
    "endian": [()],
    "floats": [()],
    "vectors": [()],
    "armv8": [()],
    "thumb_armv8": [()],
    "files": [("made", "/no/such/directory/file")],
    "interwork": [()],
    "it_blocks": [()],
    "it_calls": [()],
    "fetched": [()],
    "thumb_signals": [()],
    "thumb_unaligned": [()],
}
PROGRAMS["thumb_faults"] = PROGRAMS["faults"]
COMPUTE = {
    "fib": "12",
    "sha256": "20",
    "quicksort": "1",
    "matrix": "1",
    "crc32": "1",
    "bytecode": "100",
    "lists": "1",
    "lz": "1",
    "base64": "2",
    "bignum": "3",
    "chacha": "20",
    "dijkstra": "1",
    "forth": "20",
    "hashtable": "1",
    "heapsort": "1",
    "huffman": "1",
    "levenshtein": "3",
    "life": "1",
    "mandelbrot": "1",
    "md5": "20",
    "nbody": "2",
    "queens": "1",
    "regex": "1",
    "shapes": "2",
    "sieve": "1",
    "strings": "2",
    "tree": "1",
}
COMPARED_STDERR = frozenset(["hello", "start_stack", "oabi"])


def cases() -> list[Case]:
    rows = [(guest(name), args) for name, lists in PROGRAMS.items() for args in lists]
    rows += [(BENCHMARKS / f"{name}.elf", (args,)) for name, args in COMPUTE.items()]
    rows.append((DEMO, ("500",)))
    return [_case(path, *args) for path, args in rows]


def _case(path: Path, *args: str) -> Case:
    name = "-".join([path.stem, *(arg.strip("/").replace("/", "-") for arg in args if arg)])
    # A guest that is killed leaves a report of ours, and a line of qemu's.
    return Case(name, (str(path), *args), compare_stderr=path.stem in COMPARED_STDERR)
