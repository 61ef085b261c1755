@ What the idioms of Thumb code share: idiom.h, and where Thumb code begins. Labels are addresses,
@ without bit 0; only symbols made with `function` have it.

        .syntax unified
        .arch   armv7-a
#include "idiom.h"

        .macro  thumb_action handler    @ whose restorer is Thumb code, too
        .word   \handler, 0x04000000, restore + 1, 0, 0
        .endm

        .macro  thumb_start             @ _start is ARM code, and no function
_start: add     ip, pc, #1
        bx      ip
        .thumb
        .endm
