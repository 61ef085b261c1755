"""The history of results: a file with one JSON object a line, which each run appends to."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dbt.experiments.harness.presentation import Results
from dbt.experiments.speed import summary
from dbt.stops import UsageError

TREE = Path(__file__).resolve().parents[3]
FACTS = ("date", "cpu", "cpu_model", "cores", "load", "qemu", "numba", "llvmlite")


def read(path: str) -> str:
    """The lines so far. Raises UsageError when the file is no history."""
    try:
        text = Path(path).read_text(encoding="utf-8")
        for line in text.splitlines():
            if "means" not in json.loads(line):
                raise ValueError(line)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except (ValueError, TypeError):
        raise UsageError(f"{path}: no history: it has one JSON object a line") from None
    return text


def append(before: str, result: Mapping[str, Any], results: Results) -> str:
    """Write the result ``history``: the lines before, and this run's; returns the path."""
    text = before + json.dumps(line(result)) + "\n"
    return results.write("history", lambda stream: stream.write(text))


def line(result: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a run: where and when, and the means and worst programs."""
    machine = result["machine"]
    kept = {fact: machine[fact] for fact in FACTS if fact in machine}
    sizes = {key: result[key] for key in ("short", "seed", "repeats", "only")}
    means: dict[str, dict[str, Any]] = {}
    for group in summary.groups(result):
        means[group] = {
            one.contender: {
                "mean": one.mean,
                "cpu_mean": one.cpu_mean,
                "worst": one.worst,
                "worst_program": one.worst_program,
            }
            for one in summary.contenders(result, group)
        }
    return {**kept, "revision": revision(), **sizes, "means": means}


def revision() -> str:
    """The commit of the sources; ``unknown`` where they are in no repository of their own."""
    if not (TREE / ".git").exists():
        return "unknown"
    words = ["git", "-C", str(TREE), "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"
