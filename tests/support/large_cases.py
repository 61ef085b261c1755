"""Command lines for Debian's larger programs (``debian_root.LARGE``): compilers, media, Tcl, and
JavaScript and Lua, which are compiled while they run.

What they need of threads is switched off, or is not asked: zstd reads and writes in threads of its
own, Tcl's event loop has one (``vwait``), ffmpeg and xz have as many as there are processors.
"""

import shlex
from pathlib import Path

from support.debian_root import LARGE, is_whole
from support.oracle import Case

_C = """
int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
struct row { int a; double b; } table[3] = {{1, 2.5}, {2, 3.5}};
double sum(struct row *p, int n) { double t = 0; while (n--) t += p[n].b * p[n].a; return t; }
"""
_ASSEMBLER = """
.arm
first: ldr r0, =0x12345678
 add r1, r0, r2, lsl #3
 blne second
 .thumb
second: itt eq
 moveq r0, #1
 bxeq lr
 .word first - second, fourth
"""
_TCL = """
proc fib n {expr {$n < 2 ? $n : [fib [expr {$n - 1}]] + [fib [expr {$n - 2}]]}}
puts [fib 12]; puts [lsort -integer {5 3 9 1}]; puts [string map {a b} banana]
puts [format %.5f [expr sin(1)]]; puts [regexp -inline {(\\w)(\\d+)} x42]
set f [open out.txt w]; puts $f [dict create a 1 b {2 3}]; close $f
puts [exec /bin/echo from a child]
error wrong
"""
_PAGE = """%!PS
/Helvetica findfont 24 scalefont setfont 20 50 moveto (Hello) show
0.5 setgray 10 10 80 30 rectfill showpage
"""
_JAVASCRIPT = """
const { createHash } = require('crypto'), zlib = require('zlib');
const { Worker } = require('worker_threads');
const fib = n => n < 2 ? n : fib(n - 1) + fib(n - 2);
const packed = zlib.gzipSync(Buffer.alloc(20000, 'xyz'));
console.log(fib(20), createHash('sha256').update('abc').digest('hex'));
console.log(zlib.gunzipSync(packed).length, 'abcb'.replace(/b(?=c)/g, '<$&>'), Math.sin(1));
console.log(JSON.stringify([3, 1, 2].sort()), 2n ** 70n, new Date(0).toISOString());
setTimeout(() => console.log('later'), 5);
Promise.resolve('first').then(console.log);
const source = "require('worker_threads').parentPort.postMessage([1, 2].map(x => x / 3))";
const worker = new Worker(source, { eval: true });
worker.on('message', found => { console.log(found); setTimeout(() => process.exit(3), 20); });
"""
_LUA = """
local bit, ffi = require("bit"), require("ffi")
ffi.cdef("int abs(int); typedef struct { double x; int8_t y; } pair;")
local pair, sum = ffi.new("pair[10]"), 0
for i = 0, 9 do pair[i].x, pair[i].y = i / 3, -i end
for n = 1, 20000 do sum = (sum * 31 + bit.bxor(n, pair[n % 10].y) + pair[n % 10].x) % 1e9 end
print(sum, ffi.C.abs(-3), ("x"):rep(3), pcall(error, "wrong"))
"""
COMMANDS = {
    "dash": (
        "bin/dash",
        "-c",
        'i=0; while [ $i -lt 500 ]; do i=$((i + 1)); done; echo $i; f() { local x=$1; echo "<$x>"; };'
        " f a; echo b | while read y; do echo $y$y; done; exit 3",
    ),
    "zstd": ("usr/bin/zstd", *["-q", "-k", "--single-thread", "--no-asyncio", "text.txt"]),
    "cc1": ("usr/lib/gcc/{triplet}/12/cc1", *["-quiet", "-O2", "t.c", "-o", "t.s"]),
    "as": (
        "usr/bin/{triplet}-as",
        *["-march=armv7-a", "-mthumb", "t.s", "-o", "t.o", "-aln=t.lst"],
    ),
    "as-wrong": ("usr/bin/{triplet}-as", "t.c"),
    "node": ("usr/bin/node", "t.js"),
    "luajit": ("usr/bin/luajit", "t.lua"),
    "tclsh": ("usr/bin/tclsh8.6", "t.tcl"),
    "ghostscript": (
        "usr/bin/gs",
        *shlex.split(
            "-q -dSAFER -dBATCH -dNOPAUSE -sDEVICE=png16m -r36 -g100x80 -sOutputFile=page.png -sstdout=%stderr"
            " -sICCProfilesDir=/usr/share/color/icc/ghostscript/ page.ps"
        ),
    ),
    "ffmpeg": (
        "usr/bin/ffmpeg",
        *shlex.split(
            "-v error -nostdin -threads 1 -filter_threads 1 -f lavfi -i sine=440:duration=0.2"
            " -c:a flac -threads 1 -fflags +bitexact -flags +bitexact -y sound.flac"
        ),
    ),
}


def _prepare(work: Path) -> None:
    files = {"t.c": _C, "t.s": _ASSEMBLER, "t.tcl": _TCL, "page.ps": _PAGE}
    files |= {"t.js": _JAVASCRIPT, "t.lua": _LUA}
    for name, text in files.items():
        (work / name).write_text(text)
    (work / "text.txt").write_text("".join(f"line {n * n % 97}\n" for n in range(5000)))


def _libraries(triplet: str, root: str = "") -> str:
    """What update-alternatives would have linked, and libraries in directories of their own."""
    folders = ("blas", "lapack", "pulseaudio")
    return ":".join(f"{root}/usr/lib/{triplet}/{folder}" for folder in folders)


def cases(root: Path, triplet: str) -> list[Case]:
    """All of them, with the programs of a root; none where it lacks these packages."""
    if not is_whole(root, LARGE):
        return []
    out = []
    for name, (program, *arguments) in COMMANDS.items():
        path = root / program.format(triplet=triplet)
        options = ("-L", str(root), "-0", "/" + str(path.relative_to(root)))
        variable = "LD_LIBRARY_PATH="
        case = Case(
            f"{name}-{root.name.removeprefix('debian-')}",
            (str(path), *arguments),
            prepare=_prepare,
            options=(*options, "-E", variable + _libraries(triplet)),
            qemu_options=(*options, "-E", variable + _libraries(triplet, str(root))),
            env={"TMPDIR": "."},
            # Of resources qemu-arm finds fewer: it follows absolute links to the host's files.
            compare_stderr=name != "ghostscript",
        )
        out.append(case)
    return out
