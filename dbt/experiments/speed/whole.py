"""Whole programs, as Debian ships them: what they are given, and the inputs, which are made."""

import random
from pathlib import Path

from dbt.experiments.speed.commands import Case

GROUP = "whole"
ROWS, BYTES, FUNCTIONS = 10_000, 5 << 20, 42
"""Rows for sqlite, bytes for gzip, functions of twelve lines for the compiler; ``--short`` takes a
tenth."""
SHORT = 10

PYTHON = """\
import json, re, hashlib
d = {str(i): [i, i * i] for i in range(2000)}
s = json.dumps(d)
print(len(json.loads(s)), len(re.findall(r'\\d+', s)), hashlib.sha256(s.encode()).hexdigest())
"""
BASH = "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done; echo $i"
PERL = (
    "my %h; for my $i (1..20000) { $h{$i % 97} .= chr(65 + $i % 26) } "
    'my $n = 0; $n += length for values %h; print "$n\\n"'
)
LUA = "local t = {} for i = 1, 200000 do t[i % 100] = (t[i % 100] or 0) + i end print(t[7])"
MERSENNE = str(2**1279 - 1)
"""A prime: to show that it is takes what RSA is made of, powers modulo a long number."""

IDENTITY = ("-c", "user.name=Nobody", "-c", "user.email=nobody@example.org")
QUIET = ("-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "init.defaultBranch=main")
DATES = (
    ("GIT_AUTHOR_DATE", "1700000000 +0000"),
    ("GIT_COMMITTER_DATE", "1700000000 +0000"),
)
FILES = (("a", "one\n" * 100),)

NAMES = (
    "busybox true",
    "python print",
    "python json",
    "bash loop",
    "git",
    "sqlite",
    "perl",
    "lua",
    "gzip",
    "openssl prime",
    "cc1",
)


def cases(root: str, inputs: Path, seed: int, *, short: bool) -> tuple[list[Case], list[str]]:
    """The case of each program that ``root`` has, and why others are left out. What they read is
    written into the directory ``inputs``."""
    top = str(Path(root).resolve())
    streams = _write_inputs(inputs, seed, SHORT if short else 1)
    found, why = [], []
    for name in NAMES:
        commands = tuple((top + words[0], *words[1:]) for words in _COMMANDS[name])
        case = Case(GROUP, name, commands, top, streams.get(name))
        if name == "git":
            case = Case(GROUP, name, commands, top, files=FILES, variables=DATES)
        lacking = [path for path in case.programs if not Path(path).exists()]
        if lacking:
            why.append(f"{name}: {root} has no {lacking[0].removeprefix(top + '/')} (make root)")
        else:
            found.append(case)
    return found, why


def _git(*words: str) -> tuple[str, ...]:
    return ("/usr/bin/git", *QUIET, *IDENTITY, *words)


_COMMANDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "busybox true": (("/bin/busybox", "true"),),
    "python print": (("/usr/bin/python3.11", "-S", "-c", "print(1)"),),
    "python json": (("/usr/bin/python3.11", "-c", PYTHON),),
    "bash loop": (("/bin/bash", "--norc", "-c", BASH),),
    "git": (_git("init", "-q"), _git("add", "a"), _git("commit", "-q", "-m", "a"), _git("log")),
    "sqlite": (("/usr/bin/sqlite3", ":memory:"),),
    "perl": (("/usr/bin/perl", "-e", PERL),),
    "lua": (("/usr/bin/lua5.4", "-e", LUA),),
    "gzip": (("/bin/gzip", "-n", "-c"),),
    "openssl prime": (("/usr/bin/openssl", "prime", MERSENNE),),
    "cc1": (("/usr/lib/gcc/arm-linux-gnueabi/12/cc1", "-quiet", "-O2", "-", "-o", "-"),),
}
"""The commands of each case, with paths in the root."""


# -- Inputs ----------------------------------------------------------------------------------------


def _write_inputs(inputs: Path, seed: int, divisor: int) -> dict[str, Path]:
    """The file that each case reads from standard input."""
    made = {
        "sqlite": _statements(ROWS // divisor),
        "gzip": _text(BYTES // divisor, seed),
        "cc1": _source(FUNCTIONS // divisor),
    }
    for name, content in made.items():
        (inputs / name).write_text(content)
    return {name: inputs / name for name in made}


def _statements(rows: int) -> str:
    inserts = [f"insert into t values({i}, 'row {i * 7919 % 10007}');" for i in range(rows)]
    query = "select count(*), sum(a), max(b) from t where b like '%7%';"
    return "\n".join(["create table t(a int, b text);", "begin;", *inserts, "commit;", query, ""])


def _text(size: int, seed: int) -> str:
    """Words of a vocabulary of 4,000."""
    draw = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(draw.choices(letters, k=draw.randrange(2, 9))) for _ in range(4000)]
    return " ".join(draw.choices(words, k=size // 3))[:size]


def _source(functions: int) -> str:
    """A C file: twelve lines a function."""
    lines = ["typedef unsigned int u32;", "static u32 table[64];"]
    for i in range(functions):
        lines += [
            f"u32 step{i}(u32 a, u32 b)",
            "{",
            f"    u32 sum = {i};",
            "    for (u32 i = 0; i < b; i++) {",
            f"        sum = sum * {2 * i + 3} + (a ^ i);",
            f"        if (sum & {1 << i % 7})",
            f"            table[sum % 64] += a >> {i % 13 + 1};",
            "        else",
            f"            sum += table[(a + i) % 64] / {i + 2};",
            "    }",
            "    return sum;",
            "}",
        ]
    return "\n".join([*lines, ""])
