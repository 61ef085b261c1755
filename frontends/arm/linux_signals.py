"""Signal frames of ARM Linux (arch/arm/kernel/signal.c, arch/arm/include/uapi/asm/sigcontext.h).

From the stack pointer up: siginfo (only for SA_SIGINFO handlers), then ::

    ucontext   flags link  stack(sp flags size)  mcontext  sigmask  (pad to 232)  regspace[512]
    mcontext   trap_no error_code oldmask  r0..r10 fp ip sp lr pc cpsr  fault_address
    retcode    four words

In regspace: the registers of VFP (struct vfp_sigframe in arch/arm/include/asm/ucontext.h), then 0.
"""

import struct

from dbt.interfaces import Memory, State
from dbt.syscalls import Delivery, Restored
from frontends.arm.keys import VECTOR_BITS
from frontends.arm.kuser import (
    RT_SIGRETURN_CODE,
    SIGRETURN_CODE,
    THUMB_RT_SIGRETURN_CODE,
    THUMB_SIGRETURN_CODE,
)
from frontends.arm.registers import DOUBLES, FPSCR_FLAGS, STATUS_BITS

SIGINFO_BYTES = 128
_STACK_AT = 8
_MCONTEXT_AT = 20
_SIGMASK_AT = 104
_REGSPACE_AT = 232
_RETCODE_AT = _REGSPACE_AT + 512
FRAME_BYTES = _RETCODE_AT + 16
_VFP = struct.Struct("<2I32Q5I4x")
"""Magic and size; d0 to d31 and FPSCR; FPEXC, FPINST and FPINST2, between words of padding."""
_VFP_MAGIC = 0x56465001
_FPEXC_ENABLED = 1 << 30
_NOT_REALTIME = 0x5AC3C35A  # uc_flags of frames without siginfo

_FLAGS = {
    "nf": 31, "zf": 30, "cf": 29, "vf": 28, "q": 27,
    "ge3": 19, "ge2": 18, "ge1": 17, "ge0": 16, "ef": 9,
}  # fmt: skip
_THUMB = 1 << 5
_IT_LOW, _IT_HIGH = 25, 10  # ITSTATE: bits 26 and 25 are its lowest two, bits 15 to 10 the others
_USER_MODE = 0x10
_GENERAL = tuple(f"r{n}" for n in range(15))


def cpsr(state: State, location: int) -> int:
    """The program status register (CPSR) in user mode."""
    value = _USER_MODE | (_THUMB if location & 1 else 0)
    for slot, bit in _FLAGS.items():
        value |= state.get(slot) << bit
    it = state.get("it")
    return value | (it & 3) << _IT_LOW | it >> 2 << _IT_HIGH


def set_cpsr(state: State, value: int) -> bool:
    """Set the flags, the byte order and ITSTATE, which ARM state does not have. Returns whether the
    value is one of Thumb state."""
    for slot, bit in _FLAGS.items():
        state.set(slot, value >> bit & 1)
    it = value >> _IT_LOW & 3 | (value >> _IT_HIGH & 0x3F) << 2
    thumb = bool(value & _THUMB)
    state.set("it", it if thumb else 0)
    return thumb


def fpscr(state: State) -> int:
    """The status and control register of VFP (FPSCR)."""
    flags = sum(state.get(slot) << bit for slot, bit in FPSCR_FLAGS.items())
    return state.get("fpscr") | flags


def set_fpscr(state: State, value: int) -> None:
    """Set it. Bits that are always zero are left out."""
    state.set("fpscr", value & STATUS_BITS)
    for slot, bit in FPSCR_FLAGS.items():
        state.set(slot, value >> bit & 1)


def push_frame(state: State, memory: Memory, location: int, delivery: Delivery) -> int:
    """Build a frame and set the registers for the handler; see ``SyscallAbi.push_frame``."""
    lead = SIGINFO_BYTES if delivery.siginfo is not None else 0
    top = state.get("r13") if delivery.stack_top is None else delivery.stack_top
    at = (top - lead - FRAME_BYTES) & 0xFFFFFFF8
    link = _return_code(delivery) if delivery.restorer is None else delivery.restorer
    memory.write(at, (delivery.siginfo or b"") + _ucontext(state, location, delivery, link))
    state.set("r0", delivery.signal)
    if lead:
        state.set("r1", at)
        state.set("r2", at + lead)
    state.set("r13", at)
    state.set("r14", link)
    state.set("pc", delivery.handler & ~1)
    state.set("ef", 0)
    state.set("it", 0)
    state.set("fpscr", state.get("fpscr") & ~VECTOR_BITS)  # as functions expect it to be
    return delivery.handler


def _return_code(delivery: Delivery) -> int:
    """The location of the kernel's code that ends a handler, in the handler's state."""
    if delivery.handler & 1:
        return 1 | (THUMB_SIGRETURN_CODE if delivery.siginfo is None else THUMB_RT_SIGRETURN_CODE)
    return SIGRETURN_CODE if delivery.siginfo is None else RT_SIGRETURN_CODE


def _ucontext(state: State, location: int, delivery: Delivery, link: int) -> bytes:
    frame = bytearray(FRAME_BYTES)
    flags = 0 if delivery.siginfo is not None else _NOT_REALTIME
    struct.pack_into("<5I", frame, 0, flags, 0, *delivery.altstack)
    struct.pack_into(
        "<21I", frame, _MCONTEXT_AT,
        delivery.trap.number, delivery.trap.error, delivery.mask & 0xFFFFFFFF,
        *(state.get(register) for register in _GENERAL),
        location & ~1, cpsr(state, location), delivery.trap.address,
    )  # fmt: skip
    struct.pack_into("<Q", frame, _SIGMASK_AT, delivery.mask)
    registers = map(state.get, DOUBLES)
    vfp = _VFP.pack(
        _VFP_MAGIC, _VFP.size, *registers, fpscr(state), 0, _FPEXC_ENABLED, 0, 0
    )  # fmt: skip
    frame[_REGSPACE_AT : _REGSPACE_AT + len(vfp)] = vfp
    struct.pack_into("<I", frame, _RETCODE_AT, link)
    return bytes(frame)


def pop_frame(state: State, memory: Memory, *, realtime: bool) -> Restored:
    """Load the registers from the frame at the stack pointer; see ``SyscallAbi.pop_frame``."""
    at = state.get("r13")
    if at & 7:
        raise ValueError("signal frame not aligned")
    at += SIGINFO_BYTES if realtime else 0
    head = memory.read(at, _REGSPACE_AT + _VFP.size)
    words = struct.unpack_from("<21I", head, _MCONTEXT_AT)
    registers, pc, status = words[3:18], words[18], words[19]
    if status & 0x1F != _USER_MODE:
        raise ValueError(f"signal frame with cpsr {status:#x}")
    magic, vfp_size, *vfp = _VFP.unpack_from(head, _REGSPACE_AT)
    if (magic, vfp_size) != (_VFP_MAGIC, _VFP.size):
        raise ValueError("signal frame without the registers of VFP")
    for register, value in zip(DOUBLES, vfp[:32], strict=True):
        state.set(register, value)
    set_fpscr(state, vfp[32])
    for register, value in zip(_GENERAL, registers, strict=True):
        state.set(register, value)
    thumb = set_cpsr(state, status)
    state.set("pc", pc & ~1)
    (mask,) = struct.unpack_from("<Q", head, _SIGMASK_AT)
    sp, flags, size = struct.unpack_from("<3I", head, _STACK_AT)
    location = pc & ~1 | thumb
    return Restored(location, mask, (sp, flags, size) if realtime else None)
