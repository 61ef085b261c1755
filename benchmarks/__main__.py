"""All benchmarks but the laboratories: ``python -m benchmarks --short --json DIRECTORY``."""

import sys
from pathlib import Path

from benchmarks import (
    bench_compile,
    bench_decode,
    bench_dispatch,
    bench_events,
    bench_memory,
    bench_rounds,
)
from benchmarks.harness import arguments

MODULES = (bench_decode, bench_compile, bench_dispatch, bench_events, bench_memory, bench_rounds)


def main() -> int:
    options = arguments(__doc__)
    for module in MODULES:
        argv = ["--repeats", str(options.repeats)]
        if options.short:
            argv.append("--short")
        if options.json:
            name = module.__name__.rpartition(".")[2]
            argv += ["--json", str(Path(options.json) / f"{name}.json")]
        status = module.main(argv)
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
