"""Run damaged ELF files: whatever is in them, armdbt ends in order.

    python -m support.elf_mutation --count 2000 --seed 1        (with tests on PYTHONPATH)

Each mutant is one of the small guest programs with a few bytes, header fields or pieces changed,
the same ones for the same seed. It must end by itself: no traceback, no hang, no host signal.
"""

import argparse
import os
import random
import struct
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import attrs
from support.attack.frame import trace_in
from support.forkserver import ForkServer
from support.guests import BENCHMARKS, GUESTS

MAX_INSNS = 200_000
TIMEOUT = 5.0
FEW_CHILDREN = "fork|vfork|clone|clone3: EAGAIN after 3"
"""A process has seven descendants at most: thousands would keep every other from its end."""
EXTREMES = (0, 1, 3, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFF000, 0xFFFF0000, 0x10000, 4096)
SEEDS = ("hello", "start_stack", "selfmod", "setjmp", "indirect", "oabi", "spin", "unaligned")
HEADER, PROGRAM_HEADER = 52, 32


@attrs.frozen
class Mutant:
    number: int
    what: str
    data: bytes


@attrs.frozen
class Failure:
    mutant: Mutant
    reason: str
    stderr: bytes


def sources() -> list[Path]:
    return [GUESTS / f"{name}.elf" for name in SEEDS] + [BENCHMARKS / "bytecode.elf"]


def _truncated(draw: random.Random, data: bytearray) -> None:
    del data[draw.choice((draw.randrange(64), draw.randrange(len(data)))) :]


def _bytes_changed(draw: random.Random, data: bytearray) -> None:
    for _ in range(draw.choice((1, 1, 2, 8, 64))):
        data[draw.randrange(len(data))] = draw.randrange(256)


def _bit_flipped_in_header(draw: random.Random, data: bytearray) -> None:
    data[draw.randrange(min(len(data), HEADER + 4 * PROGRAM_HEADER))] ^= 1 << draw.randrange(8)


def _header_field(draw: random.Random, data: bytearray) -> None:
    offset = draw.choice((24, 28, 32, 36))  # entry, phoff, shoff, flags
    struct.pack_into("<I", data, offset, draw.choice(EXTREMES))
    if draw.random() < 0.3:
        offset = draw.choice((16, 18, 40, 42, 44, 46, 48, 50))
        struct.pack_into("<H", data, offset, draw.choice((0, 1, 2, 40, 0xFFFF, 0x7FFF)))


def _program_header_field(draw: random.Random, data: bytearray) -> None:
    offset = HEADER + PROGRAM_HEADER * draw.randrange(2) + 4 * draw.randrange(8)
    old = struct.unpack_from("<I", data, offset)[0]
    value = draw.choice((*EXTREMES, old + 1, old - 1, old * 2, old + 4096, draw.getrandbits(32)))
    struct.pack_into("<I", data, offset, value & 0xFFFFFFFF)


def _words_of_code(draw: random.Random, data: bytearray) -> None:
    start = HEADER + 3 * PROGRAM_HEADER
    for _ in range(draw.choice((1, 3, 20))):
        offset = draw.randrange(start, max(start + 1, len(data) - 4)) & ~3
        if offset + 4 <= len(data):
            struct.pack_into("<I", data, offset, draw.getrandbits(32) & 0xEFFFFFFF)


def _piece_moved(draw: random.Random, data: bytearray) -> None:
    size = draw.randrange(1, 200)
    source, target = draw.randrange(len(data)), draw.randrange(len(data))
    data[target : target + size] = data[source : source + size]


MUTATIONS = (
    _truncated,
    _bytes_changed,
    _bit_flipped_in_header,
    _header_field,
    _program_header_field,
    _words_of_code,
    _piece_moved,
)


def mutant(number: int, seed: int) -> Mutant:
    """The mutant of that number."""
    draw = random.Random(f"{seed}/{number}")
    source = draw.choice(sources())
    data = bytearray(source.read_bytes())
    names = [source.stem]
    for _ in range(draw.choice((1, 1, 1, 2))):
        mutate = draw.choice(MUTATIONS)
        if len(data) > HEADER + 3 * PROGRAM_HEADER:
            mutate(draw, data)
            names.append(mutate.__name__.strip("_"))
    return Mutant(number, " ".join(names), bytes(data))


def check(server: ForkServer, one: Mutant, tier: str) -> Failure | None:
    """Run a mutant; what went wrong."""
    with tempfile.TemporaryDirectory(prefix="armdbt-mutant-") as home:
        program = Path(home) / "mutant.elf"
        program.write_bytes(one.data)
        limits = ["--max-insns", str(MAX_INSNS), "--timeout", str(TIMEOUT)]
        limits += ["--inject", FEW_CHILDREN]
        outcome = server.run(
            ["run", "--tier", tier, *limits, str(program)], cwd=Path(home), timeout=TIMEOUT * 2
        )
    if trace_in(outcome.stderr):
        return Failure(one, "traceback", outcome.stderr)
    if outcome.status == -1:
        return Failure(one, "hang", outcome.stderr)
    if outcome.crashed:
        return Failure(one, f"host signal {outcome.status - 128}", outcome.stderr)
    return None


def campaign(count: int, seed: int, first: int = 0) -> list[Failure]:
    """Run ``count`` mutants, most on tier 0, one in eight compiled; the failures."""
    server = ForkServer()
    try:
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            jobs = [
                pool.submit(check, server, mutant(number, seed), "2" if number % 8 == 0 else "0")
                for number in range(first, first + count)
            ]
            return [failure for job in jobs if (failure := job.result()) is not None]
    finally:
        server.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    failures = campaign(options.count, options.seed)
    for failure in failures:
        print(f"mutant {failure.mutant.number} ({failure.mutant.what}): {failure.reason}")
        print(failure.stderr.decode(errors="replace")[-1500:])
    print(f"{options.count} mutants, {len(failures)} failures, seed {options.seed}")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
