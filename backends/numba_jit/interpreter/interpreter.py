"""The tier-0 interpreter: runs bytecode from block to block, compiled by numba.

One chain of comparisons on ``op`` that LLVM turns into a jump table; the order is that of
``opcodes``. All numbers are int64: registers come in extended with zeros and go out cut to 32 bits.
Loads and stores test the permission byte of the page; what touches two pages goes the slow way.

This file is over 400 lines because copy-and-patch stencils are going to replace it: it was moved
here as it was, to be deleted rather than divided. A jump table wants one function in any case.
"""
# ruff: noqa: C901, PLR0915, F403, F405

from numba import njit

from backends.numba_jit import abi, tables
from backends.numba_jit.host_memory import (
    load8,
    load16,
    load32,
    load64,
    store8,
    store16,
    store32,
    store64,
)  # fmt: skip
from backends.numba_jit.interpreter.intrinsics import (
    bswap32,
    bswap64,
    clz32,
    clz64,
    get64_a,
    get64_b,
    get64_d,
    get_a,
    get_b,
    get_d,
    high32,
    invoke,
    rbit32,
    rbit64,
    rotate32,
    rotate64,
    sdiv64,
    set64_d,
    set_b,
    set_d,
    shr64,
    udiv64,
    ult64,
)  # fmt: skip
from backends.numba_jit.interpreter.opcodes import *
from backends.numba_jit.interpreter.storage import CODE0
from dbt.interfaces import CODE, CONTROL_BYTES, READ, STACK_BYTES, STACK_ENTRIES, WRITE

M32 = 0xFFFFFFFF
PERMS = abi.PERMS_FROM_BASE
# Only ``run_loop`` is kept on disk (see ``loop``): what it calls is compiled into it.
OPTIONS = {"nogil": True, "error_model": "numpy", "boundscheck": False}
X_LINK, X_RETURN, X_JUMP = abi.X_LINK, abi.X_RETURN, abi.X_JUMP
X_RECORD, X_FUEL = abi.X_RECORD, abi.X_FUEL
X_UNIT, X_FAULT, X_PROMOTE = tables.X_UNIT, tables.X_FAULT, tables.X_PROMOTE
X_WATCH, PROBED, PASS = tables.X_WATCH, tables.PROBED, tables.PASS
FUEL, FAULT_ADDRESS = abi.FUEL, abi.FAULT_ADDRESS
MEM_BASE, COUNTERS, STACKS = abi.MEM_BASE, abi.COUNTERS, abi.STACKS
FUNCTIONS, ARGUMENTS = abi.FUNCTIONS, tables.ARGUMENTS
RETURN0, JUMP0 = tables.RETURN0, tables.JUMP0
HOT, AGAIN = tables.HOT, tables.AGAIN
PENDING, PENDING_COUNT, PENDING_LIMIT = tables.PENDING, tables.PENDING_COUNT, tables.PENDING_LIMIT
WRITE_CODE = WRITE | CODE


@njit(**OPTIONS)
def signed(value):  # type: ignore[no-untyped-def]
    """A zero-extended 32-bit value as a signed one."""
    return (value << 32) >> 32


@njit(**OPTIONS)
def allowed(perms, address, size, write):  # type: ignore[no-untyped-def]
    """True when every page of an access permits it. Accesses do not wrap around."""
    last = address + size - 1
    if last > M32:
        return 0
    for page in range(address >> 12, (last >> 12) + 1):
        bits = load8(perms + page)
        if write:
            if bits & WRITE_CODE != WRITE:
                return 0
        elif bits & READ == 0:
            return 0
    return 1


@njit(**OPTIONS)
def note_hot(state, block):  # type: ignore[no-untyped-def]
    """A block's counter has come to zero. Returns 1 when it is time to compile."""
    counter = load64(state + HOT) + block * 4
    again = load64(state + AGAIN)
    count = load64(state + PENDING_COUNT)
    pending = load64(state + PENDING)
    store32(counter, again)
    for index in range(count):
        if load32(pending + 4 * index) == block:
            return 1
    store32(pending + 4 * count, block)
    store64(state + PENDING_COUNT, count + 1)
    return 1 if count + 1 >= PENDING_LIMIT else 0


@njit(**OPTIONS)
def sdiv(a, b):  # type: ignore[no-untyped-def]
    """Signed quotient of sign-extended operands; 0 by 0."""
    if b == 0:
        return 0
    if b == -1:
        return -a
    return sdiv64(a, b)


@njit(**OPTIONS)
def interpret(state, start):  # type: ignore[no-untyped-def]
    """Run from bytecode index ``start`` until something is needed: an exit as ``abi`` says."""
    regs = state + CONTROL_BYTES
    memory = load64(state + MEM_BASE)
    perms = memory + PERMS
    code = load64(state + CODE0)
    hot = load64(state + HOT)
    fuel = load64(state + FUEL)
    ip = code + start * 8
    at = 0
    while True:
        w = load64(ip)
        ip += 8
        op = w & 255
        if op == ENTER:
            need = (w >> 8) & 0xFFFF
            if fuel < need:
                store64(state + FUEL, fuel)
                return X_FUEL | high32(w) << 8
            fuel -= need
        elif op == ENTER_HOT:
            counter = hot + high32(w) * 4
            left = load32(counter) - 1
            store32(counter, left)
            if left <= 0 and note_hot(state, high32(w)):
                store64(state + FUEL, fuel)
                return X_PROMOTE | high32(w) << 8
            need = (w >> 8) & 0xFFFF
            if fuel < need:
                store64(state + FUEL, fuel)
                return X_FUEL | high32(w) << 8
            fuel -= need
        elif op == TO_UNIT:
            store64(state + FUEL, fuel)
            return X_UNIT | high32(w) << 8
        elif op == PROBE:
            if load8(load64(state + PROBED) + high32(w)):
                if load64(state + PASS) != high32(w):
                    store64(state + FUEL, fuel)
                    return X_WATCH | high32(w) << 8
                store64(state + PASS, 0)
        elif op == GOTO:
            target = high32(w)
            if target == 0:
                store64(state + FUEL, fuel)
                return X_LINK | load32(ip) << 8
            ip = code + target * 8
        elif op == BRNZ:
            side = (get_a(regs, w) != 0) * 4
            target = load32(ip + side)
            if target == 0:
                store64(state + FUEL, fuel)
                return X_LINK | load32(ip + 8 + side) << 8
            ip = code + target * 8
        elif op == BEQ:
            side = (get_a(regs, w) == get_b(regs, w)) * 4
            target = load32(ip + side)
            if target == 0:
                store64(state + FUEL, fuel)
                return X_LINK | load32(ip + 8 + side) << 8
            ip = code + target * 8
        elif op == BNE:
            side = (get_a(regs, w) != get_b(regs, w)) * 4
            target = load32(ip + side)
            if target == 0:
                store64(state + FUEL, fuel)
                return X_LINK | load32(ip + 8 + side) << 8
            ip = code + target * 8
        elif op == BULT:
            side = (get_a(regs, w) < get_b(regs, w)) * 4
            target = load32(ip + side)
            if target == 0:
                store64(state + FUEL, fuel)
                return X_LINK | load32(ip + 8 + side) << 8
            ip = code + target * 8
        elif op == BULE:
            side = (get_a(regs, w) <= get_b(regs, w)) * 4
            target = load32(ip + side)
            if target == 0:
                store64(state + FUEL, fuel)
                return X_LINK | load32(ip + 8 + side) << 8
            ip = code + target * 8
        elif op == BSLT:
            side = (signed(get_a(regs, w)) < signed(get_b(regs, w))) * 4
            target = load32(ip + side)
            if target == 0:
                store64(state + FUEL, fuel)
                return X_LINK | load32(ip + 8 + side) << 8
            ip = code + target * 8
        elif op == BSLE:
            side = (signed(get_a(regs, w)) <= signed(get_b(regs, w))) * 4
            target = load32(ip + side)
            if target == 0:
                store64(state + FUEL, fuel)
                return X_LINK | load32(ip + 8 + side) << 8
            ip = code + target * 8
        elif op == BEQI:
            side = (get_a(regs, w) == high32(w)) * 4
            target = load32(ip + side)
            if target == 0:
                store64(state + FUEL, fuel)
                return X_LINK | load32(ip + 8 + side) << 8
            ip = code + target * 8
        elif op == BNEI:
            side = (get_a(regs, w) != high32(w)) * 4
            target = load32(ip + side)
            if target == 0:
                store64(state + FUEL, fuel)
                return X_LINK | load32(ip + 8 + side) << 8
            ip = code + target * 8
        elif op == BULTI:
            side = (get_a(regs, w) < high32(w)) * 4
            target = load32(ip + side)
            if target == 0:
                store64(state + FUEL, fuel)
                return X_LINK | load32(ip + 8 + side) << 8
            ip = code + target * 8
        elif op == BULEI:
            side = (get_a(regs, w) <= high32(w)) * 4
            target = load32(ip + side)
            if target == 0:
                store64(state + FUEL, fuel)
                return X_LINK | load32(ip + 8 + side) << 8
            ip = code + target * 8
        elif op == BSLTI:
            side = (signed(get_a(regs, w)) < (w >> 32)) * 4
            target = load32(ip + side)
            if target == 0:
                store64(state + FUEL, fuel)
                return X_LINK | load32(ip + 8 + side) << 8
            ip = code + target * 8
        elif op == BSLEI:
            side = (signed(get_a(regs, w)) <= (w >> 32)) * 4
            target = load32(ip + side)
            if target == 0:
                store64(state + FUEL, fuel)
                return X_LINK | load32(ip + 8 + side) << 8
            ip = code + target * 8
        elif op == BHI:
            side = (get_a(regs, w) & ~get_b(regs, w)) * 4
            target = load32(ip + side)
            if target == 0:
                store64(state + FUEL, fuel)
                return X_LINK | load32(ip + 8 + side) << 8
            ip = code + target * 8
        elif op == BGT:
            side = ((get_a(regs, w) ^ get_b(regs, w) ^ 1) & ~get_d(regs, w) & 1) * 4
            target = load32(ip + side)
            if target == 0:
                store64(state + FUEL, fuel)
                return X_LINK | load32(ip + 8 + side) << 8
            ip = code + target * 8
        elif op == JUMP:
            target = get_a(regs, w)
            at = (target >> 1) | (target & 1) << 31
            entry = load32(load64(state + JUMP0) + at * 4)
            if entry == 0:
                store64(state + FUEL, fuel)
                return X_JUMP | target << 8
            ip = code + entry * 8
        elif op == RET:
            target = get_a(regs, w)
            at = (target >> 1) | (target & 1) << 31
            entry = load32(load64(state + RETURN0) + at * 4)
            if entry == 0:
                store64(state + FUEL, fuel)
                return X_RETURN | target << 8
            ip = code + entry * 8
        elif op == EXIT:
            store64(state + FUEL, fuel)
            return X_RECORD | high32(w) << 8
        elif op == SKIPZ:
            if get_a(regs, w) == 0:
                ip += high32(w) * 8
        elif op == TRAPIF:
            if get_a(regs, w) != 0:
                store64(state + FUEL, fuel)
                return X_RECORD | high32(w) << 8
        elif op == COUNT:
            counter = load64(state + COUNTERS) + high32(w) * 8
            store64(counter, load64(counter) + 1)
        elif op == PUSH:
            stack = load64(state + STACKS) + high32(w) * STACK_BYTES
            depth = load64(stack)
            store32(stack + 8 + (depth & (STACK_ENTRIES - 1)) * 4, get_a(regs, w))
            store64(stack, depth + 1)
        elif op == POP:
            stack = load64(state + STACKS) + high32(w) * STACK_BYTES
            depth = load64(stack)
            if depth == 0:
                set_d(regs, w, 0)
            else:
                store64(stack, depth - 1)
                set_d(regs, w, load32(stack + 8 + ((depth - 1) & (STACK_ENTRIES - 1)) * 4))
        elif op == ARG:
            store64(state + ARGUMENTS + ((w >> 8) & 255) * 8, get_a(regs, w))
        elif op == ARG64:
            store64(state + ARGUMENTS + ((w >> 8) & 255) * 8, get64_a(regs, w))
        elif op == INVOKE:
            store64(state + FUEL, fuel)
            function = load64(load64(state + FUNCTIONS) + high32(w) * 8)
            invoke(function, state, state + ARGUMENTS)
            fuel = load64(state + FUEL)
        elif op == MOV:
            set_d(regs, w, get_a(regs, w))
        elif op == LI:
            set_d(regs, w, high32(w))
        elif op == MOVNZ:
            if get_b(regs, w) != 0:
                set_d(regs, w, get_a(regs, w))
        elif op == SEL:
            if load32(regs + high32(w) * 4) != 0:
                set_d(regs, w, get_a(regs, w))
            else:
                set_d(regs, w, get_b(regs, w))
        elif op == GETW:
            set_d(regs, w, load32(regs + high32(w) * 4))
        elif op == SETW:
            store32(regs + high32(w) * 4, get_a(regs, w))
        elif op == ADD:
            set_d(regs, w, get_a(regs, w) + get_b(regs, w))
        elif op == SUB:
            set_d(regs, w, get_a(regs, w) - get_b(regs, w))
        elif op == MUL:
            set_d(regs, w, get_a(regs, w) * get_b(regs, w))
        elif op == UDIV:
            b = get_b(regs, w)
            if b == 0:
                set_d(regs, w, 0)
            else:
                set_d(regs, w, udiv64(get_a(regs, w), b))
        elif op == SDIV:
            set_d(regs, w, sdiv(signed(get_a(regs, w)), signed(get_b(regs, w))))
        elif op == AND:
            set_d(regs, w, get_a(regs, w) & get_b(regs, w))
        elif op == OR:
            set_d(regs, w, get_a(regs, w) | get_b(regs, w))
        elif op == XOR:
            set_d(regs, w, get_a(regs, w) ^ get_b(regs, w))
        elif op == SHL:
            b = get_b(regs, w)
            if b > 31:
                set_d(regs, w, 0)
            else:
                set_d(regs, w, get_a(regs, w) << b)
        elif op == SHR:
            b = get_b(regs, w)
            if b > 31:
                set_d(regs, w, 0)
            else:
                set_d(regs, w, get_a(regs, w) >> b)
        elif op == SAR:
            set_d(regs, w, signed(get_a(regs, w)) >> min(get_b(regs, w), 31))
        elif op == ROR:
            set_d(regs, w, rotate32(get_a(regs, w), get_b(regs, w)))
        elif op == EQ:
            set_d(regs, w, get_a(regs, w) == get_b(regs, w))
        elif op == NE:
            set_d(regs, w, get_a(regs, w) != get_b(regs, w))
        elif op == ULT:
            set_d(regs, w, get_a(regs, w) < get_b(regs, w))
        elif op == ULE:
            set_d(regs, w, get_a(regs, w) <= get_b(regs, w))
        elif op == SLT:
            set_d(regs, w, signed(get_a(regs, w)) < signed(get_b(regs, w)))
        elif op == SLE:
            set_d(regs, w, signed(get_a(regs, w)) <= signed(get_b(regs, w)))
        elif op == ADDI:
            set_d(regs, w, get_a(regs, w) + high32(w))
        elif op == RSBI:
            set_d(regs, w, high32(w) - get_a(regs, w))
        elif op == ANDI:
            set_d(regs, w, get_a(regs, w) & high32(w))
        elif op == ORI:
            set_d(regs, w, get_a(regs, w) | high32(w))
        elif op == XORI:
            set_d(regs, w, get_a(regs, w) ^ high32(w))
        elif op == SHLI:
            set_d(regs, w, get_a(regs, w) << (high32(w) & 31))
        elif op == SHRI:
            set_d(regs, w, get_a(regs, w) >> (high32(w) & 31))
        elif op == SARI:
            set_d(regs, w, signed(get_a(regs, w)) >> (high32(w) & 31))
        elif op == RORI:
            set_d(regs, w, rotate32(get_a(regs, w), high32(w)))
        elif op == EQI:
            set_d(regs, w, get_a(regs, w) == high32(w))
        elif op == NEI:
            set_d(regs, w, get_a(regs, w) != high32(w))
        elif op == ULTI:
            set_d(regs, w, get_a(regs, w) < high32(w))
        elif op == ULEI:
            set_d(regs, w, get_a(regs, w) <= high32(w))
        elif op == SLTI:
            set_d(regs, w, signed(get_a(regs, w)) < (w >> 32))
        elif op == SLEI:
            set_d(regs, w, signed(get_a(regs, w)) <= (w >> 32))
        elif op == NOT:
            set_d(regs, w, ~get_a(regs, w))
        elif op == CLZ:
            set_d(regs, w, clz32(get_a(regs, w)))
        elif op == BSWAP:
            set_d(regs, w, bswap32(get_a(regs, w)))
        elif op == RBIT:
            set_d(regs, w, rbit32(get_a(regs, w)))
        elif op == SX:
            places = 64 - (high32(w) & 63)
            set_d(regs, w, (get_a(regs, w) << places) >> places)
        elif op == ADDSH:
            set_d(regs, w, get_a(regs, w) + (get_b(regs, w) << (high32(w) & 31)))
        elif op == CARRY:
            set_d(regs, w, (get_a(regs, w) + get_b(regs, w) + load32(regs + high32(w) * 4)) >> 32)
        elif op == OVERFLOW:
            total = signed(get_a(regs, w)) + signed(get_b(regs, w)) + load32(regs + high32(w) * 4)
            set_d(regs, w, total != signed(total))
        elif op == NZ:
            a = get_a(regs, w)
            flags = regs + ((w >> 24) & 255) * 4
            store64(flags, a >> 31 | (a == 0) << 32)
        elif op == SUBF:
            a = get_a(regs, w)
            b = get_b(regs, w)
            total = (a - b) & M32
            flags = regs + high32(w) * 4
            store64(flags, total >> 31 | (total == 0) << 32)
            overflow = ((a ^ b) & (a ^ total)) >> 31
            store64(flags + 8, (a >= b) | overflow << 32)
            set_d(regs, w, total)
        elif op == SUBFI:
            a = get_a(regs, w)
            b = high32(w)
            total = (a - b) & M32
            flags = regs + ((w >> 24) & 255) * 4
            store64(flags, total >> 31 | (total == 0) << 32)
            overflow = ((a ^ b) & (a ^ total)) >> 31
            store64(flags + 8, (a >= b) | overflow << 32)
            set_d(regs, w, total)
        elif op == ADDF:
            a = get_a(regs, w)
            b = get_b(regs, w)
            total = (a + b) & M32
            flags = regs + high32(w) * 4
            store64(flags, total >> 31 | (total == 0) << 32)
            overflow = ((a ^ total) & (b ^ total)) >> 31
            store64(flags + 8, ((a + b) >> 32) | overflow << 32)
            set_d(regs, w, total)
        elif op == ADDFI:
            a = get_a(regs, w)
            b = high32(w)
            total = (a + b) & M32
            flags = regs + ((w >> 24) & 255) * 4
            store64(flags, total >> 31 | (total == 0) << 32)
            overflow = ((a ^ total) & (b ^ total)) >> 31
            store64(flags + 8, ((a + b) >> 32) | overflow << 32)
            set_d(regs, w, total)
        elif op == LD8:
            at = (get_a(regs, w) + high32(w)) & M32
            if load8(perms + (at >> 12)) & READ == 0:
                break
            set_d(regs, w, load8(memory + at))
        elif op == LD16:
            at = (get_a(regs, w) + high32(w)) & M32
            if (load8(perms + (at >> 12)) & READ == 0 or at & 0xFFF > 4094) and not allowed(
                perms, at, 2, 0
            ):
                break
            set_d(regs, w, load16(memory + at))
        elif op == LD32:
            at = (get_a(regs, w) + high32(w)) & M32
            if (load8(perms + (at >> 12)) & READ == 0 or at & 0xFFF > 4092) and not allowed(
                perms, at, 4, 0
            ):
                break
            set_d(regs, w, load32(memory + at))
        elif op == LD64:
            at = (get_a(regs, w) + high32(w)) & M32
            if (load8(perms + (at >> 12)) & READ == 0 or at & 0xFFF > 4088) and not allowed(
                perms, at, 8, 0
            ):
                break
            set64_d(regs, w, load64(memory + at))
        elif op == LD128:
            at = (get_a(regs, w) + high32(w)) & M32
            if (load8(perms + (at >> 12)) & READ == 0 or at & 0xFFF > 4080) and not allowed(
                perms, at, 16, 0
            ):
                break
            to = regs + ((w >> 8) & 255) * 4
            low = load64(memory + at)
            store64(to + 8, load64(memory + at + 8))
            store64(to, low)
        elif op == LDS8:
            at = (get_a(regs, w) + high32(w)) & M32
            if load8(perms + (at >> 12)) & READ == 0:
                break
            set_d(regs, w, (load8(memory + at) << 56) >> 56)
        elif op == LDS16:
            at = (get_a(regs, w) + high32(w)) & M32
            if (load8(perms + (at >> 12)) & READ == 0 or at & 0xFFF > 4094) and not allowed(
                perms, at, 2, 0
            ):
                break
            set_d(regs, w, (load16(memory + at) << 48) >> 48)
        elif op == LDX8:
            at = (get_a(regs, w) + (get_b(regs, w) << (high32(w) & 31))) & M32
            if load8(perms + (at >> 12)) & READ == 0:
                break
            set_d(regs, w, load8(memory + at))
        elif op == LDX16:
            at = (get_a(regs, w) + (get_b(regs, w) << (high32(w) & 31))) & M32
            if (load8(perms + (at >> 12)) & READ == 0 or at & 0xFFF > 4094) and not allowed(
                perms, at, 2, 0
            ):
                break
            set_d(regs, w, load16(memory + at))
        elif op == LDX32:
            at = (get_a(regs, w) + (get_b(regs, w) << (high32(w) & 31))) & M32
            if (load8(perms + (at >> 12)) & READ == 0 or at & 0xFFF > 4092) and not allowed(
                perms, at, 4, 0
            ):
                break
            set_d(regs, w, load32(memory + at))
        elif op == ST8:
            at = (get_a(regs, w) + high32(w)) & M32
            if load8(perms + (at >> 12)) & WRITE_CODE != WRITE:
                break
            store8(memory + at, get_d(regs, w))
        elif op == ST16:
            at = (get_a(regs, w) + high32(w)) & M32
            if (
                load8(perms + (at >> 12)) & WRITE_CODE != WRITE or at & 0xFFF > 4094
            ) and not allowed(perms, at, 2, 1):
                break
            store16(memory + at, get_d(regs, w))
        elif op == ST32:
            at = (get_a(regs, w) + high32(w)) & M32
            if (
                load8(perms + (at >> 12)) & WRITE_CODE != WRITE or at & 0xFFF > 4092
            ) and not allowed(perms, at, 4, 1):
                break
            store32(memory + at, get_d(regs, w))
        elif op == ST64:
            at = (get_a(regs, w) + high32(w)) & M32
            if (
                load8(perms + (at >> 12)) & WRITE_CODE != WRITE or at & 0xFFF > 4088
            ) and not allowed(perms, at, 8, 1):
                break
            store64(memory + at, get64_d(regs, w))
        elif op == ST128:
            at = (get_a(regs, w) + high32(w)) & M32
            if (
                load8(perms + (at >> 12)) & WRITE_CODE != WRITE or at & 0xFFF > 4080
            ) and not allowed(perms, at, 16, 1):
                break
            to = regs + ((w >> 8) & 255) * 4
            store64(memory + at, load64(to))
            store64(memory + at + 8, load64(to + 8))
        elif op == STX8:
            at = (get_a(regs, w) + (get_b(regs, w) << (high32(w) & 31))) & M32
            if load8(perms + (at >> 12)) & WRITE_CODE != WRITE:
                break
            store8(memory + at, get_d(regs, w))
        elif op == STX16:
            at = (get_a(regs, w) + (get_b(regs, w) << (high32(w) & 31))) & M32
            if (
                load8(perms + (at >> 12)) & WRITE_CODE != WRITE or at & 0xFFF > 4094
            ) and not allowed(perms, at, 2, 1):
                break
            store16(memory + at, get_d(regs, w))
        elif op == STX32:
            at = (get_a(regs, w) + (get_b(regs, w) << (high32(w) & 31))) & M32
            if (
                load8(perms + (at >> 12)) & WRITE_CODE != WRITE or at & 0xFFF > 4092
            ) and not allowed(perms, at, 4, 1):
                break
            store32(memory + at, get_d(regs, w))
        elif op == CHKR:
            at = (get_a(regs, w) + high32(w)) & M32
            size = (w >> 24) & 255
            if (
                load8(perms + (at >> 12)) & READ == 0 or (at & 0xFFF) + size > 4096
            ) and not allowed(perms, at, size, 0):
                break
        elif op == CHKW:
            at = (get_a(regs, w) + high32(w)) & M32
            size = (w >> 24) & 255
            if (
                load8(perms + (at >> 12)) & WRITE_CODE != WRITE or (at & 0xFFF) + size > 4096
            ) and not allowed(perms, at, size, 1):
                break
        elif op == CHKA:
            at = get_a(regs, w)
            if at & high32(w):
                break
        elif op == LDU:
            at = (get_a(regs, w) + high32(w)) & M32
            set_d(regs, w, load32(memory + at))
        elif op == LDPU:
            at = (get_a(regs, w) + high32(w)) & M32
            set_d(regs, w, load32(memory + at))
            set_b(regs, w, load32(memory + at + 4))
        elif op == STU:
            at = (get_a(regs, w) + high32(w)) & M32
            store32(memory + at, get_d(regs, w))
        elif op == STPU:
            at = (get_a(regs, w) + high32(w)) & M32
            store32(memory + at, get_d(regs, w))
            store32(memory + at + 4, get_b(regs, w))
        elif op == ZX64:
            set64_d(regs, w, get_a(regs, w))
        elif op == SX64:
            set64_d(regs, w, signed(get_a(regs, w)))
        elif op == ADD64:
            set64_d(regs, w, get64_a(regs, w) + get64_b(regs, w))
        elif op == SUB64:
            set64_d(regs, w, get64_a(regs, w) - get64_b(regs, w))
        elif op == MUL64:
            set64_d(regs, w, get64_a(regs, w) * get64_b(regs, w))
        elif op == UDIV64:
            b = get64_b(regs, w)
            if b == 0:
                set64_d(regs, w, 0)
            else:
                set64_d(regs, w, udiv64(get64_a(regs, w), b))
        elif op == SDIV64:
            set64_d(regs, w, sdiv(get64_a(regs, w), get64_b(regs, w)))
        elif op == AND64:
            set64_d(regs, w, get64_a(regs, w) & get64_b(regs, w))
        elif op == OR64:
            set64_d(regs, w, get64_a(regs, w) | get64_b(regs, w))
        elif op == XOR64:
            set64_d(regs, w, get64_a(regs, w) ^ get64_b(regs, w))
        elif op == SHL64:
            b = get64_b(regs, w)
            if b < 0 or b > 63:
                set64_d(regs, w, 0)
            else:
                set64_d(regs, w, get64_a(regs, w) << b)
        elif op == SHR64:
            b = get64_b(regs, w)
            if b < 0 or b > 63:
                set64_d(regs, w, 0)
            else:
                set64_d(regs, w, shr64(get64_a(regs, w), b))
        elif op == SAR64:
            b = get64_b(regs, w)
            if b < 0 or b > 63:
                b = 63
            set64_d(regs, w, get64_a(regs, w) >> b)
        elif op == ROR64:
            set64_d(regs, w, rotate64(get64_a(regs, w), get64_b(regs, w)))
        elif op == EQ64:
            set_d(regs, w, get64_a(regs, w) == get64_b(regs, w))
        elif op == NE64:
            set_d(regs, w, get64_a(regs, w) != get64_b(regs, w))
        elif op == ULT64:
            set_d(regs, w, ult64(get64_a(regs, w), get64_b(regs, w)))
        elif op == ULE64:
            set_d(regs, w, 1 - ult64(get64_b(regs, w), get64_a(regs, w)))
        elif op == SLT64:
            set_d(regs, w, get64_a(regs, w) < get64_b(regs, w))
        elif op == SLE64:
            set_d(regs, w, get64_a(regs, w) <= get64_b(regs, w))
        elif op == NOT64:
            set64_d(regs, w, ~get64_a(regs, w))
        elif op == CLZ64:
            set64_d(regs, w, clz64(get64_a(regs, w)))
        elif op == BSWAP64:
            set64_d(regs, w, bswap64(get64_a(regs, w)))
        elif op == RBIT64:
            set64_d(regs, w, rbit64(get64_a(regs, w)))
        elif op == SEL64:
            if load32(regs + high32(w) * 4) != 0:
                set64_d(regs, w, get64_a(regs, w))
            else:
                set64_d(regs, w, get64_b(regs, w))
        elif op == CARRY64:
            a = get64_a(regs, w)
            total = a + get64_b(regs, w)
            more = total + load32(regs + high32(w) * 4)
            set_d(regs, w, ult64(total, a) | ult64(more, total))
        elif op == OVERFLOW64:
            a = get64_a(regs, w)
            b = get64_b(regs, w)
            total = a + b + load32(regs + high32(w) * 4)
            set_d(regs, w, ((a ^ total) & (b ^ total)) < 0)
    # Only refused accesses come here.
    store64(state + FUEL, fuel)
    store64(state + FAULT_ADDRESS, at)
    return X_FAULT | ((ip - 8 - code) >> 3) << 8
