"""Random programs that do nothing but call, return, tail call, throw and change stacks, in many
ways, with signals between.

They always end: r11 counts function entries down, and a function entered with none left returns at
once. r10 points to the innermost handler on the stack: where to go on, and the handler before it.
r9 points to where the next stack begins; each lies above the one before, or each below.
"""

import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from support.guests import GUESTS
from support.oracle import lacking

COMPILER = "arm-linux-gnueabi-gcc"
FLAGS = [
    "-marm",
    "-march=armv5te",
    "-static",
    "-nostdlib",
    "-no-pie",
    "-Wl,--build-id=none",
    "-Wl,-z,noexecstack",
]
FUEL = 250
STACK = 1 << 14
"""Bytes of each further stack."""
STACKS = 512


class Generator:
    """Writes one program; the seed decides everything."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._lines: list[str] = []
        self._labels = 0
        self._step = self._random.choice([STACK, -STACK])
        count = self._random.randrange(3, 9)
        self._names = [f"f{number}" for number in range(count)]

    def text(self) -> str:
        """The assembly source."""
        self._put('#include "idiom.h"')
        self._put("_start: mov r10, #0", f"        mov r11, #{FUEL}", "        ldr r9, =arena")
        self._handle_signals()
        for _ in range(3):
            self._call()
        self._put("        and r0, r11, #0xff", "        exit", "        .ltorg")
        for index, name in enumerate(self._names):
            self._function(name, last=index == len(self._names) - 1)
        self._handler()
        space = STACK * STACKS
        below, above = (space, STACK) if self._step < 0 else (STACK, space)
        self._put("        .bss", f"        .space {below}", f"arena:  .space {above}")
        return "\n".join(self._lines) + "\n"

    def _handle_signals(self) -> None:
        alternate = self._random.random() < 0.5
        if alternate:
            self._put("        ldr r0, =altstack", "        mov r1, #0", "        mov r7, #186")
            self._put("        swi 0")
        self._put("        catch 10, usr1")
        flags = 0x08000000 if alternate else 0
        self._data = [
            f"usr1:   action handler, {flags}",
            "altstack:",
            "        .word area, 0, 65536",
        ]

    def _handler(self) -> None:
        self._put("function handler", "        push {r4, lr}")
        self._put("        cmp r11, #9", "        movgt r11, #9")  # sigreturn puts it back
        self._call()
        self._put("        pop {r4, pc}", "        restorer", "        .ltorg", "        .data")
        self._put(*self._data, "        .bss", "area:   .space 65536")

    def _put(self, *lines: str) -> None:
        self._lines.extend(lines)

    def _label(self) -> str:
        self._labels += 1
        return f"l{self._labels}"

    def _some(self) -> str:
        return self._random.choice(self._names)

    # -- functions ---------------------------------------------------------------------------------

    def _function(self, name: str, *, last: bool) -> None:
        self._put(f"function {name}", "        subs r11, r11, #1")
        if self._random.random() < 0.3:
            self._put("        movmi pc, lr", "        add r0, r0, #1")
            self._leave_leaf(last=last)
        else:
            self._put("        bxmi lr", "        add r0, r0, #1")
            self._framed(last=last)
        self._put("        .ltorg")

    def _leave_leaf(self, *, last: bool) -> None:
        ways = [["bx lr"], ["mov pc, lr"], [f"b {self._some()}"], ["mov r1, lr", "bx r1"]]
        ways += [["tst r11, #1", "bxne lr", f"b {self._some()}"], [f"ldr pc, ={self._some()}"]]
        ways += [] if last else [[]]
        self._finish(self._random.choice(ways))

    def _framed(self, *, last: bool) -> None:
        saved = self._random.choice(["r4, ", "r4, r5, r6, ", "r4, r5, r7, r8, r9, "])
        self._put(f"        push {{{saved}lr}}")
        for _ in range(self._random.randrange(1, 6)):
            self._statement()
        ways = [[f"pop {{{saved}pc}}"]] * 3
        restored = f"pop {{{saved}lr}}"
        ways += [[restored, "bx lr"], [restored, "mov pc, lr"], [restored, f"b {self._some()}"]]
        ways += [[f"pop {{{saved[:-2]}}}", "ldr pc, [sp], #4"], [f"ldmfd sp!, {{{saved}pc}}"]]
        ways += [[f"pop {{{saved[:-2]}}}", "pop {r3}", "bx r3"]]
        ways += [[restored, f"ldr ip, ={self._some()}", "bx ip"]]
        ways += [["tst r11, #2", f"popne {{{saved}pc}}", restored, f"b {self._some()}"]]
        ways += [] if last else [[restored]]
        self._finish(self._random.choice(ways))

    def _finish(self, way: list[str]) -> None:
        self._put(*(f"        {line}" for line in way))
        if not way or not way[-1].startswith("pop {") or "pc" in way[-1]:
            return
        over = self._label()  # falls through: literals may not stand in the way
        self._put(f"        b {over}", "        .ltorg", f"{over}:")

    # -- statements --------------------------------------------------------------------------------

    def _statement(self, depth: int = 0) -> None:
        ways = [self._call] * 5 + [self._getter, self._trap, self._signal] + [self._throw] * 4
        if depth < 2:
            ways += [lambda: self._switch(depth)] * 2
            ways += [lambda: self._loop(depth)] * 2 + [lambda: self._try(depth)] * 4
            ways += [lambda: self._loop(depth, self._try)] * 3
        self._random.choice(ways)()

    def _call(self) -> None:
        name, after = self._some(), self._label()
        ways = [
            [f"        bl {name}"],
            [f"        ldr ip, ={name}", "        blx ip"],
            [f"        ldr ip, ={name}", "        mov lr, pc", "        bx ip"],
            ["        mov lr, pc", f"        ldr pc, ={name}"],
        ]
        skipped = ["        tst r11, #1", f"        blne {name}"]
        named = [f"        adr lr, {after}", f"        b {name}", f"{after}:"]
        ways += [named, skipped, skipped]
        self._put(*self._random.choice(ways))

    def _getter(self) -> None:
        here = self._label()
        self._put(f"        bl {here}", f"{here}: sub r0, lr, pc")

    def _trap(self) -> None:
        self._put("        mov r0, #99", "        mov r7, #6", "        swi 0")

    def _throw(self) -> None:
        bit = self._random.choice([1, 2, 4, 8])
        over = self._label()
        self._put(
            f"        tst r11, #{bit}",
            "        cmpne r10, #0",
            f"        beq {over}",
            "        mov sp, r10",
            "        ldr pc, [sp]",
            f"{over}:",
        )

    def _try(self, depth: int) -> None:
        landing = self._label()
        self._put("        push {r10}", f"        ldr ip, ={landing}", "        push {ip}")
        self._put("        mov r10, sp")
        self._statement(depth + 1)
        if self._random.random() < 0.8:  # else a throw lands where the last call returns to
            self._put("        nop")
        self._put(f"{landing}: ldr r10, [sp, #4]", "        add sp, sp, #8")

    def _signal(self) -> None:
        over = self._label()  # a handler that sent itself its signal would have no end
        self._put("        cmp r11, #9", f"        ble {over}", "        send 10", f"{over}:")

    def _switch(self, depth: int) -> None:
        take, leave = ("add", "sub") if self._step > 0 else ("sub", "add")
        self._put("        mov ip, sp", f"        {take} r9, r9, #{STACK}", "        mov sp, r9")
        self._put("        push {ip}")
        self._statement(depth + 1)
        back = [["pop {ip}", "mov sp, ip"], ["ldr sp, [sp]"], ["ldm sp, {sp}"]]
        self._put(*(f"        {line}" for line in self._random.choice(back)))
        self._put(f"        {leave} r9, r9, #{STACK}")

    def _loop(self, depth: int, body: Callable[[int], None] | None = None) -> None:
        top = self._label()
        self._put(f"{top}:")
        (body or self._statement)(depth + 1)
        self._put("        cmp r11, #40", "        subgt r11, r11, #3", f"        bgt {top}")


def compiler() -> str:
    """The cross compiler; skips the test, or fails it, where there is none."""
    if shutil.which(COMPILER) is None:
        lacking(f"needs {COMPILER} (Debian: gcc-arm-linux-gnueabi)")
    return COMPILER


def build(seed: int, home: Path) -> Path:
    """Assemble the program of a seed in a directory: its ELF file."""
    source, program = home / f"random{seed}.S", home / f"random{seed}.elf"
    source.write_text(Generator(seed).text())
    include = f"-I{GUESTS / 'idioms'}"
    subprocess.run([compiler(), *FLAGS, include, "-o", program, source], check=True)
    return program
