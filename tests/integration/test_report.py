"""``armdbt report``: the page says what ``armdbt calls`` and ``run --stats`` say, whatever the
program does and is called."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.guests import BENCHMARKS, DEMO, ROOT, guest
from support.random_calls import compiler
from support.report_pages import Page
from support.runs import command, measure
from support.symbol_names import renamed

FIB = BENCHMARKS / "fib.elf"
EVIL = b"</script><b x='&amp;\">\xff\x1b[2J"
SHOWN = r"""</script><b x='&amp;">\xff\x1b[2J"""


def number(text: str) -> int:
    return int(text.replace(",", ""))


def test_the_page_has_what_the_other_commands_count(tmp_path: Path) -> None:
    outcome = command("report", "--top", "99", str(FIB), "11", cwd=tmp_path)
    assert (outcome.status, outcome.stdout) == (0, b"fib 89\n")
    assert outcome.stderr == b"armdbt: the report is in fib.elf-report.html\n"
    assert [path.name for path in tmp_path.iterdir()] == ["fib.elf-report.html"]
    page = Page(tmp_path / "fib.elf-report.html")
    assert page.loaded == []
    assert page.text("end") == "Exited with status 0."
    insns = measure((), FIB, "11").instructions

    profile = {row["function"]: row for row in page.rows("profile")}
    assert number(profile["fib"]["calls"]) == 2 * 144 - 1
    assert sum(number(row["self"]) for row in profile.values()) == insns

    names, frames = page.data["flame"]["names"], page.data["flame"]["frames"]
    assert page.data["flame"]["total"] == insns
    assert sum(own for _, _, _, own, _ in frames) == insns
    assert sum(calls for _, name, calls, _, _ in frames if names[name] == "fib") == 287
    for parent, _, _, _, total in frames:
        assert parent < 0 or total <= frames[parent][4]

    nodes = [node[0] for node in page.data["graph"]["nodes"]]
    edges = {(nodes[of], nodes[to]): calls for of, to, calls in page.data["graph"]["edges"]}
    assert edges["fib", "fib"] == 286
    assert edges["main", "fib"] == 1

    hot = page.rows("hot")
    assert number(next(row for row in hot if row["block"] == "fib in fib.elf")["runs"]) == 287
    assert sum(number(row["executed"]) for row in hot) == insns  # all blocks are among them
    assert len([*page.texts("side")]) == len(hot)
    assert re.search(r"fib.*push\s.*block 0x\w+ size.*count", page.text("blocks"), re.DOTALL)

    calls = {row["call"]: row for row in page.rows("syscalls")}
    assert {name: row["calls"] for name, row in calls.items()} == {"write": "1", "exit": "1"}
    assert calls["write"]["time"]
    assert not calls["exit"]["time"]
    assert page.rows("longest")[0]["call"] == r'write(1,"fib 89\12",7) = 7'
    assert {row["reason"] for row in page.rows("chaining")} >= {"denied", "unlinked", "budget"}
    assert "asked for nothing that armdbt does not have" in page.text("lacking")


def test_names_are_text(tmp_path: Path) -> None:
    """Of functions, programs and arguments."""
    program = tmp_path / "<i>&\"'\n.elf"
    program.write_bytes(renamed(FIB.read_bytes(), {"fib": EVIL}))
    outcome = command("report", "-o", "page", str(program), "3", "</script>\udcff", cwd=tmp_path)
    assert outcome.status == 0
    page = Page(tmp_path / "page")  # which checks that what is opened is closed
    assert not page.tags & {"i", "b"}
    assert page.loaded == []
    assert SHOWN in [row["function"] for row in page.rows("profile")]
    assert SHOWN in page.data["flame"]["names"]
    assert page.text("title").endswith("'\\n.elf 3 </script>\\xff: armdbt report")
    assert f"{SHOWN} in " in page.text("blocks")


def test_what_is_not_supported_is_there(tmp_path: Path) -> None:
    """A guest in ARM state: asks for a call that there is not, prints bytes, and ends by udf."""
    words = (
        0xE59F701C,  # ldr r7, [pc, #28]
        0xEF000000,  # swi
        0xE3A00001, 0xE28F1014, 0xE3A02004, 0xE3A07004, 0xEF000000,  # write(1, bytes, 4)
        0xE7F000F0,  # udf #0
    )  # fmt: skip
    broken = bytearray(guest("hello").read_bytes())
    at = int.from_bytes(broken[24:28], "little") - 0x10000
    code = b"".join(word.to_bytes(4, "little") for word in words)
    code = code.ljust(0x24, b"\0") + (311).to_bytes(4, "little") + b"\xff<&\0"
    broken[at : at + len(code)] = code
    (tmp_path / "broken").write_bytes(broken)
    outcome = command("report", "-o", "page", "broken", cwd=tmp_path)
    assert outcome.status == 128 + signal.SIGILL
    assert b"guest killed by SIGILL" in outcome.stderr
    page = Page(tmp_path / "page")
    assert page.text("end") == "Killed: the status is 132."
    assert page.text("last").startswith("guest killed by SIGILL at ")
    asked = {"what the program asked for": "keyctl", "times": "1"}
    assert page.rows("unsupported") == [{**asked, "why": "the keys are the host user's"}]
    calls = {row["call"] for row in page.rows("longest")}
    assert r'write(1,"\377<&\0",4) = 4' in calls
    assert {row["call"]: row["errors"] for row in page.rows("syscalls")}["write"] == ""


@pytest.mark.parametrize("number_", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
def test_an_interrupted_run_is_written(number_: signal.Signals, tmp_path: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "dbt", "report", "-o", "page", str(DEMO), "2000000000"],
        cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert running.stdout is not None
    assert running.stdout.readline() == b"armdbt demo, process alive\n"
    running.send_signal(number_)
    running.communicate(timeout=120)
    assert running.returncode == 128 + number_
    page = Page(tmp_path / "page")
    assert page.text("end").startswith(f"Interrupted by {number_.name}")
    assert "main" in [row["function"] for row in page.rows("profile")]
    assert [path.name for path in tmp_path.iterdir()] == ["page"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("-o", "-", "x"), "-o -: standard output is the program's; give the page a file"),
        (("-o", "no/page", str(FIB)), "no/page: No such file or directory"),
        (("no.elf",), "no.elf: no such file or directory"),
        (("--tier", "0", "--unit", "loop", str(FIB)), "--unit loop has no effect with --tier 0"),
        (("--record", "log", str(FIB)), "no option '--record'"),
        (("--top", "0", str(FIB)), "argument --top: 0 is"),
        ((), "the following arguments are required: PROG"),
    ],
)  # fmt: skip
def test_what_is_refused(words: tuple[str, ...], told: str, tmp_path: Path) -> None:
    outcome = command("report", *words, cwd=tmp_path)
    assert outcome.status == 2
    assert outcome.stderr.decode().startswith(f"armdbt: {told}")
    assert outcome.stderr.count(b"\n") == 1
    assert [*tmp_path.iterdir()] == []


TWO_THREADS = """
#include <pthread.h>
#include <unistd.h>
static volatile int sum;
static int there[2], back[2];
__attribute__((noinline)) void serve(void) {
    char c;
    for (int k = 0; k < 20; k++) {
        read(there[0], &c, 1);
        for (int i = 0; i < 5000; i++) sum += i;
        write(back[1], "x", 1);
    }
}
__attribute__((noinline)) void ask(void) {
    char c;
    for (int k = 0; k < 20; k++) {
        for (int i = 0; i < 3000; i++) sum += i;
        write(there[1], "x", 1);
        read(back[0], &c, 1);
    }
}
static void *other(void *p) { serve(); return p; }
int main(void) {
    pthread_t thread;
    pipe(there);
    pipe(back);
    pthread_create(&thread, 0, other, 0);
    ask();
    return pthread_join(thread, 0);
}
"""


def test_costs_of_threads_are_those_of_the_profile(tmp_path: Path) -> None:
    """Who waits in a system call has spent what was executed before it."""
    (tmp_path / "threads.c").write_text(TWO_THREADS)
    words = [compiler(), "-O1", "-w", "-static", "-pthread", "-o", "threads", "threads.c"]
    subprocess.run(words, cwd=tmp_path, check=True)
    only = [f"--only={name}" for name in ("main", "ask", "serve")]
    assert command("report", "-o", "page", "-seed", "1", *only, "threads", cwd=tmp_path).status == 0
    command("calls", "--format=profile:rows", "-seed", "1", *only, "threads", cwd=tmp_path)
    lines = [line.split() for line in (tmp_path / "rows").read_text().splitlines()]
    costs = {line[0]: line[2] for line in lines if line[0] in ("ask", "serve")}
    rows = {row["function"]: row["self"] for row in Page(tmp_path / "page").rows("profile")}
    assert costs == {name: rows[name] for name in ("ask", "serve")}


def test_a_program_that_becomes_another(tmp_path: Path) -> None:
    """Of two programs at the same addresses the last one's blocks are shown; calls are of both."""
    words = ("--top", "999", "-o", "page", str(guest("processes")))
    outcome = command("report", *words, cwd=tmp_path)
    assert outcome.status == 5
    page = Page(tmp_path / "page")
    assert {row["call"]: row["calls"] for row in page.rows("syscalls")}["execve"] == "2"
    both = sum(number(row["self"]) for row in page.rows("profile"))
    assert 0 < sum(number(row["executed"]) for row in page.rows("hot")) < both
    assert [path.name for path in tmp_path.iterdir()] == ["page"]


@pytest.mark.parametrize(
    "options", [("--backend", "reference"), ("--tier", "2", "--unit", "block")]
)
def test_other_ways_to_run(options: tuple[str, ...], tmp_path: Path) -> None:
    words = (*options, "-p", "call-count", "--top", "3", "-o", "page", str(FIB), "2")
    assert command("report", *words, cwd=tmp_path).status == 0
    page = Page(tmp_path / "page")
    assert len(page.rows("hot")) == 3
    where = {row["counter"]: row["where"] for row in page.rows("counters")}
    assert where["return"] == ""
    assert "fib in fib.elf" in where.values()
