"""The page of helper code that the ARM kernel shows to programs at 0xffff0000.

Code and entry points as in arch/arm/kernel/entry-armv.S (Documentation/arch/arm/
kernel_user_helpers.rst), for ARMv7. The trampolines of signal handlers without a restorer are on
the same page, where kernels before 3.11 had them; their words are both EABI and OABI calls. Those
of handlers of Thumb code are Thumb code.
"""

import struct

from dbt.interfaces import PAGE

COMMPAGE = 0xFFFF0000
SIGRETURN_CODE = 0xFFFF0500
RT_SIGRETURN_CODE = 0xFFFF0508
THUMB_SIGRETURN_CODE = 0xFFFF0510
THUMB_RT_SIGRETURN_CODE = 0xFFFF0514

_DMB_ISH = 0xF57FF05B
_BX_LR = 0xE12FFF1E

_CODE: dict[int, tuple[int, ...]] = {
    SIGRETURN_CODE: (0xE3A07077, 0xEF900077),  # mov r7, #119; swi 0x900077
    RT_SIGRETURN_CODE: (0xE3A070AD, 0xEF9000AD),  # mov r7, #173; swi 0x9000ad
    THUMB_SIGRETURN_CODE: (0xDF002777,),  # movs r7, #119; svc 0
    THUMB_RT_SIGRETURN_CODE: (0xDF0027AD,),  # movs r7, #173; svc 0
    0xFFFF0F60: (  # cmpxchg64(r0 = &old, r1 = &new, r2 = &value)
        0xE92D00F0,  # push {r4-r7}
        0xE1C040D0,  # ldrd r4, r5, [r0]
        0xE1C160D0,  # ldrd r6, r7, [r1]
        _DMB_ISH,
        0xE1B20F9F,  # 1: ldrexd r0, r1, [r2]
        0xE0303004,  # eors r3, r0, r4
        0x00313005,  # eorseq r3, r1, r5
        0x01A23F96,  # strexdeq r3, r6, r7, [r2]
        0x03330001,  # teqeq r3, #1
        0x0AFFFFF9,  # beq 1b
        _DMB_ISH,
        0xE2730000,  # rsbs r0, r3, #0
        0xE8BD00F0,  # pop {r4-r7}
        _BX_LR,
    ),
    0xFFFF0FA0: (_DMB_ISH, _BX_LR),  # memory_barrier()
    0xFFFF0FC0: (  # cmpxchg(r0 = old, r1 = new, r2 = &value)
        _DMB_ISH,
        0xE1923F9F,  # 1: ldrex r3, [r2]
        0xE0533000,  # subs r3, r3, r0
        0x01823F91,  # strexeq r3, r1, [r2]
        0x03330001,  # teqeq r3, #1
        0x0AFFFFFA,  # beq 1b
        0xE2730000,  # rsbs r0, r3, #0
        0xEAFFFFEF,  # b memory_barrier
    ),
    0xFFFF0FE0: (0xEE1D0F70, _BX_LR),  # get_tls(): mrc p15, 0, r0, c13, c0, 3
    0xFFFF0FFC: (5,),  # number of helpers
}


def commpage() -> bytes:
    """The whole page."""
    page = bytearray(PAGE)
    for address, words in _CODE.items():
        struct.pack_into(f"<{len(words)}I", page, address - COMMPAGE, *words)
    return bytes(page)
