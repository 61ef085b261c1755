"""Draw a result of ``bench_guest``: ``python -m benchmarks.plot RESULT.json OUT.svg``.

Needs matplotlib (``pip install armdbt[plot]``).
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.bench_guest import MODES


def draw(result: dict[str, Any], path: Path) -> None:
    """One group of bars per program, one bar per mode; a line where qemu-arm stands."""
    rows = [row for row in result["rows"] if row["program"] != "start-up s"]
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "armdbt"
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(9, 3.4), layout="constrained")
    width = 0.8 / len(MODES)
    for index, mode in enumerate(MODES):
        at = [place + (index - (len(MODES) - 1) / 2) * width for place in range(len(rows))]
        axes.bar(at, [row[mode] for row in rows], width, label=mode)
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set_xticks(range(len(rows)), [row["program"] for row in rows])
    axes.set_ylabel("speed, qemu-arm = 1")
    axes.legend(ncols=len(MODES), fontsize="small", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})


def main(argv: Sequence[str] | None = None) -> int:
    arguments = sys.argv[1:] if argv is None else list(argv)
    if len(arguments) != 2:
        print((__doc__ or "").partition("\n")[0], file=sys.stderr)
        return 2
    try:
        draw(json.loads(Path(arguments[0]).read_text()), Path(arguments[1]))
    except ModuleNotFoundError:
        print("matplotlib is not installed: pip install armdbt[plot]", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except (ValueError, KeyError, TypeError):
        print(f"{arguments[0]}: no result of bench_guest", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
