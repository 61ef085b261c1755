"""Command lines for the static busybox: one applet each, then shell scripts.

A script says ``$BB applet`` where the shell must start a new process through execve. A bare applet
name is run by the shell itself in a fork, or, for the larger applets, by an execve of
``/proc/self/exe``. qemu-user 7.2 refuses the latter; the shell then searches ``PATH``, where it finds
a script that starts the applet under qemu-arm (and never a program of the host).
"""

import atexit
import base64
import difflib
import functools
import hashlib
import lzma
import os
import random
import shlex
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from support.debian_root import DEFAULT_ROOT
from support.oracle import QEMU, Case

BUSYBOX = DEFAULT_ROOT / "bin" / "busybox"

APPLETS = """
sha256-5mb       sha256sum big.bin
md5-5mb          md5sum big.bin
sha1             sha1sum text.txt words.txt
sha512           sha512sum text.txt
sha3             sha3sum text.txt
crc32            crc32 text.txt
md5-check-bad    md5sum -c sums.bad
gzip             gzip -9 words.txt
gunzip-bad       gunzip -c text.txt
bzip2            bzip2 -k words.txt
xzcat            xzcat words.xz
sort             sort words.txt
sort-numeric     sort -n -r -k 2 numbers.txt
sort-unique      sort -u -f words.txt
uniq-count       uniq -c sorted.txt
sed-substitute   sed -e 's/the/THE/g; s/\\([a-z]*\\) \\([a-z]*\\)/\\2 \\1/' text.txt
sed-hold         sed -n '1!G;h;$p' text.txt
sed-in-place     sed -i -e '/chain/d' -e '2,4y/abc/xyz/' text.txt
awk-fields       awk '{n[$1] += $2} END {for (k = 0; k < 10; k++) print k, n["k" k]}' numbers.txt
awk-float        awk 'BEGIN {for (i = 1; i < 9; i++) printf "%.6f %g %d\\n", i / 7, i * 1e7 / 3, i * i % 5}'
awk-strings      awk '{gsub(/a/, "[&]"); print toupper(substr($0, 2, 20)), length($0), index($0, "e")}' text.txt
grep-count       grep -c e text.txt
grep-extended    grep -E -i -o '(block|chain)(s|ed)?' text.txt
grep-missing     grep nothing-like-it text.txt
find-exec        find tree -type d -empty
cut              cut -d ' ' -f 2,1 numbers.txt
cut-bytes        cut -c 3-9 text.txt
tr-classes       tr 'a-z' 'A-Z'
tr-squeeze       tr -s -d 'aeiou' 'lmn'
head             head -n 5 words.txt
tail             tail -n +20 text.txt
tail-bytes       tail -c 100 big.bin
wc               wc text.txt words.txt numbers.txt
od               od -A x -t x2 -N 200 big.bin
hexdump          hexdump -C -n 256 big.bin
xxd              xxd -l 64 big.bin
strings          strings -n 6 big.bin
diff             diff -u text.txt text2.txt
diff-recursive   diff -r tree tree2
cmp              cmp text.txt text2.txt
paste            paste -d : numbers.txt sorted.txt
fold             fold -w 20 -s text.txt
expand           expand -t 4 tabs.txt
unexpand         unexpand -a -t 4 text.txt
nl               nl -b a text.txt
tac              tac words.txt
rev              rev text.txt
seq              seq 1 3 100
factor           factor 12 97 1001 4294967295 600851475143
cal              cal 2 2024
expr             expr 17 '*' 4 - 3
expr-match       expr abcdef : 'ab\\(.*\\)f'
expr-bad         expr 1 /
printf           printf '%05d|%-8s|%x|%c|%b\\n' 42 left 255 zed 'a\\tb'
basename         basename /usr/lib/thing.so .so
dirname          dirname /usr/lib/thing.so
xargs            xargs -n 3 echo
tee              tee copy1 copy2
base64           base64 text.txt
base64-decode    base64 -d text.b64
uuencode         uuencode text.txt name
tar-extract      tar xf tree.tar
tar-list         tar tf tree.tar
bc               bc -l
dc               dc -e '20 k 2 v p 3 4 ^ p 16 o 255 p'
date             date -u -d @1000000000 +%Y-%m-%dT%H:%M:%S
stat             stat -c '%s %F %a' text.txt tree
readlink         readlink link
realpath         realpath --help
test-true        test -f text.txt -a 3 -lt 5
test-false       [ abc = abd ]
ls               ls -1 -R tree
ls-missing       ls missing
cat              cat -n text.txt tabs.txt
cp               cp -r tree copied
mv               mv text.txt moved.txt
ln               ln -s text.txt made-link
mkdir            mkdir -p a/b/c
rm               rm -r tree
chmod            chmod 600 text.txt
touch            touch made
dd               dd if=big.bin of=part bs=1000 skip=3 count=7 status=none
dos2unix         dos2unix -u tabs.txt
truncate         truncate -s 100 text.txt
which            which no-such-program
patch            patch text.txt text.patch
ascii            ascii
ed               ed text.txt
env              env -i A=1 B=2 C=
getopt           getopt -o ab:c -l long,value: -- -a -b 3 --value=x rest
timeout          timeout 5 ./busybox true
usage            sort --no-such-option
no-applet        no-such-applet
"""

STDIN = {
    "tr-classes": b"The quick brown fox\njumps over 13 lazy dogs\n",
    "tr-squeeze": b"hello balloon mummy annul\n",
    "xargs": b"one two three four five six seven\n",
    "tee": b"into three places\n",
    "bc": b"scale=10\n4*a(1)\n2^100\nsqrt(2)\ndefine f(n) { if (n < 2) return (1); return (n*f(n-1)); }\nf(25)\n17/4\n",
    "ed": b"2p\n1,3s/e/E/g\n1,3p\nw\nq\n",
}

SCRIPTS = {
    "grep-recursive": "grep -rn needle tree | sort",
    "find-name": "find tree -name '*.txt' -type f | sort",
    "tar-create": "tar cf made.tar $(find tree -type f | sort); tar tvf made.tar | cut -c 1-10,50-",
    "sh-loop": "i=0; while [ $i -lt 200 ]; do i=$((i + 1)); done; echo $i; for x in a b c; do echo $x; done",
    "sh-functions": "f() { local x=$1; [ $x -le 1 ] && { echo 1; return 3; }; echo $((x * $(f $((x - 1))))); }; f 6; f 1; echo $?",
    "sh-pipeline": "cat words.txt | tr a-z A-Z | sort | uniq -c | sort -rn | head -n 5; echo ${PIPESTATUS:-none}",
    "sh-substitution": 'x=$(wc -l < text.txt); y=`echo $((x * 2))`; echo "$x $y ${x#?} ${y%?} ${#y} ${z:-default}"',
    "sh-here-document": "cat <<END\na $((1 + 2)) line\n\ttab\nEND\ncat <<'END'\n$not expanded\nEND",
    "sh-traps": "trap 'echo leaving $?' EXIT; trap 'echo got usr1' USR1; kill -USR1 $$; echo on; (exit 3); exit 4",
    "sh-background": "sleep 0.05 & (sleep 0.02; exit 5) & b=$!; wait $b; echo $?; wait; echo done",
    "sh-kill": "sleep 30 & p=$!; kill $p; wait $p; echo $?; kill -0 $p 2>/dev/null; echo $?",
    "sh-kill-group": "(while :; do :; done) & p=$!; kill -9 $p; wait $p; echo $?",
    "sh-case": 'for w in apple bee 42 ""; do case $w in a*) echo A;; [0-9]*) echo N;; "") echo empty;; *) echo other;; esac; done',
    "sh-arithmetic": "echo $((7 / 2)) $((-7 % 3)) $((1 << 20)) $((0x1f & 0x0c)) $((5 > 3 ? 10 : 20)) $((010 + 1)); a=5; echo $((a++ + ++a)) $a",
    "sh-getopts": 'set -- -a -b val -x rest; while getopts ab: o; do echo "$o ${OPTARG:-}"; done; shift $((OPTIND - 1)); echo "$*"',
    "sh-redirections": "echo one > f; echo two >> f; exec 3< f; read a <&3; read b <&3; echo $b $a; ls missing 2>&1; echo err >&2",
    "sh-subshell": "x=1; (x=2; echo $x; cd tree; pwd | sed 's/.*work//'); echo $x; { echo grouped; } | cat",
    "sh-exec": "$BB sha256sum text.txt | $BB cut -c 1-16; $BB false; echo $?; exec $BB echo replaced",
    "sh-gzip-trip": "$BB gzip -c words.txt | $BB gunzip | cmp - words.txt && echo same; $BB gzip -c big.bin | $BB md5sum",
    "sh-bzip2-trip": "$BB bzip2 -c words.txt | $BB bunzip2 -c | $BB md5sum",
    "sh-tar-trip": "$BB tar cf - tree | (mkdir out; cd out; ../$BB tar xf -); diff -r tree out/tree && echo same",
    "sh-cpio-trip": "find tree | $BB cpio -o -H newc 2>/dev/null | (mkdir c; cd c; ../$BB cpio -i 2>/dev/null); diff -r tree c/tree && echo same",
    "sh-uu-trip": "$BB uuencode text.txt x | $BB uudecode -o - | cmp - text.txt && echo same",
    "sh-xargs": "find tree -name '*.txt' | sort | xargs -n 1 $BB wc -c",
    "sh-find-exec": "find tree -name '*.txt' -exec $BB basename {} .txt ';' | sort",
    "sh-bc-dc": "echo '2^64; 355/113' | $BB bc; echo '2 3 ^ p' | $BB dc",
    "sh-not-found": "no-such-program; echo $?; ./text.txt; echo $?",
    "sh-script": "printf '#!%s sh\\necho script $0 $1; exit 7\\n' ./$BB > run.sh; sh run.sh arg; echo $?",
    "sh-syntax-error": "if then",
    "sh-unset": "set -eu; echo before; echo $unset_variable; echo after",
    "sh-eval": "x='echo $((6 * 7))'; eval \"$x\"; set -- a 'b c' d; for i; do echo \"<$i>\"; done; IFS=:; set -- x:y; echo $#; v=p:q:r; set -- $v; echo $#",
    "sh-read": "printf 'a b c\\n1:2:3\\n' | while read x rest; do echo \"$x/$rest\"; done; IFS=: read p q <<E\nm:n:o\nE\necho $p,$q",
    "sh-ulimit-pipe": "yes | head -n 1000 | wc -l; seq 1 500 | while read n; do [ $((n % 100)) = 0 ] && echo $n; done",
    "sh-signals": "sh -c 'kill -TERM $$'; echo $?; sh -c 'kill -SEGV $$' 2>/dev/null; echo $?; trap '' TERM; kill $$; echo alive",
    "sh-times": "umask 027; umask; : > f; stat -c %a f; type cd; alias x=y; alias",
    "awk-getline": 'awk \'BEGIN { while ((getline line < "text.txt") > 0) n++; print n; print "z\\ny" > "made"; close("made"); getline x < "made"; print x; print substr(ENVIRON["BB"], 3) }\'',
}

TIMING = frozenset(["sh-kill", "sh-kill-group", "sh-signals", "sh-background"])
"""Whether the shell still says "Killed" depends on when it notices: not compared."""

CORE = frozenset(
    """
    sha256-5mb md5-5mb sha512 gzip gunzip-bad bzip2 sort sort-numeric sort-unique uniq-count
    sed-substitute sed-hold sed-in-place awk-fields awk-float awk-strings awk-getline
    grep-count grep-extended grep-missing grep-recursive find-name find-exec
    tar-create tar-extract tar-list bc dc cut tr-classes head tail wc od diff paste fold nl tac rev
    sh-loop sh-functions sh-pipeline sh-substitution sh-traps sh-background sh-kill sh-kill-group
    sh-subshell sh-exec sh-gzip-trip sh-bzip2-trip sh-tar-trip sh-bc-dc
    """.split()  # noqa: SIM905
)
"""Compared in every mode, by turns. The others are left to CI and have two modes: they reach no translation that these do not,
and compiling every block takes seconds for each case."""


@functools.cache
def _inputs() -> Path:
    """The input files, made once; the same bytes and times on every machine."""
    home = Path(tempfile.mkdtemp(prefix="armdbt-inputs-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    draw = random.Random(2010)
    lexicon = [
        "the",
        "guest",
        "block",
        "is",
        "chained",
        "and",
        "a",
        "call",
        "to",
        "every",
        "return",
        "of",
        "the",
        "system",
        "stops",
        "here",
    ]
    lines = [" ".join(draw.choices(lexicon, k=draw.randint(3, 14))) for _ in range(60)]
    text = "\n".join(lines) + "\n"
    changed = "\n".join([*lines[:9], "a new line", *lines[11:40], *lines[41:]]) + "\n"
    words = "\n".join(draw.choices(lexicon, k=3000)) + "\n"
    write = functools.partial(_write, home)
    write("text.txt", text)
    write("text2.txt", changed)
    patch = difflib.unified_diff(text.splitlines(True), changed.splitlines(True), "a", "b")
    write("text.patch", "".join(patch))
    write("words.txt", words)
    write("words.xz", lzma.compress(words.encode()))
    write("sorted.txt", "\n".join(sorted(draw.choices(lexicon, k=60))) + "\n")
    numbers = [f"k{draw.randint(0, 9)} {draw.randint(-(10**6), 10**6)}" for _ in range(500)]
    write("numbers.txt", "\n".join(numbers) + "\n")
    write("tabs.txt", "".join(f"\tone\ttwo  {n}\t\tthree\n" for n in range(20)))
    write("text.b64", base64.encodebytes(text.encode()))
    write("sums.bad", f"{hashlib.md5(words.encode()).hexdigest()}  words.txt\n{0:032x}  text.txt\n")
    write("big.bin", draw.randbytes(5_000_000))
    for number in range(12):
        needle = "a needle\n" if number % 3 == 0 else ""
        for tree in ("tree", "tree2"):
            different = "changed\n" if tree == "tree2" and number == 5 else ""
            content = text[number * 40 : number * 90 + 50] + "\n" + needle + different
            write(f"{tree}/d{number % 4}/file{number}.txt", content)
    (home / "tree/empty").mkdir()
    (home / "link").symlink_to("text.txt")
    for path in sorted(home.rglob("*"), reverse=True):
        os.utime(path, (1_000_000_000, 1_000_000_000), follow_symlinks=False)
    with tarfile.open(home / "tree.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
        tar.add(home / "tree", "tree")
    return home


def _write(home: Path, name: str, content: str | bytes) -> None:
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def prepare_files(work: Path) -> None:
    """Copies of the input files; the large one, which no case changes, is linked."""
    inputs = _inputs()
    shutil.copytree(inputs, work, symlinks=True, dirs_exist_ok=True, ignore=lambda *_: ["big.bin"])
    os.link(inputs / "big.bin", work / "big.bin")


def _prepare(work: Path) -> None:
    prepare_files(work)
    (work / "busybox").symlink_to(BUSYBOX)


@functools.cache
def _applets() -> Path:
    """A directory of scripts, one for each applet, that start it under qemu-arm."""
    home = Path(tempfile.mkdtemp(prefix="armdbt-applets-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    qemu = shutil.which(QEMU)
    listed = subprocess.run([qemu or QEMU, BUSYBOX, "--list"], stdout=subprocess.PIPE, check=False)
    for name in listed.stdout.decode().split():
        script = home / name
        script.write_text(f'#!/bin/sh\nexec {qemu} -0 {name} {BUSYBOX} "$@"\n')
        script.chmod(0o755)
    return home


def _prepare_qemu(work: Path) -> None:
    """qemu-arm hands execve to the host: give it a script that starts qemu-arm again."""
    (work / "busybox").unlink()
    wrapper = f'#!/bin/sh\nexec {shutil.which(QEMU)} {BUSYBOX} "$@"\n'
    (work / "busybox").write_text(wrapper)
    (work / "busybox").chmod(0o755)


def _case(name: str, *argv: str) -> Case:
    return Case(
        name,
        (str(BUSYBOX), *argv),
        prepare=_prepare,
        prepare_qemu=_prepare_qemu,
        env={"BB": "./busybox"},
        qemu_env={"PATH": str(_applets())} if argv[0] == "sh" else {},
        stdin=STDIN.get(name, b""),
        compare_stderr=name not in TIMING,
    )


def cases() -> list[Case]:
    """All of them."""
    rows = [line.split(None, 1) for line in APPLETS.strip().splitlines()]
    return [
        *(_case(name, *shlex.split(command)) for name, command in rows),
        *(_case(name, "sh", "-c", script) for name, script in SCRIPTS.items()),
    ]
