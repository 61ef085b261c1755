@ What the idioms share. Only symbols made with `function` are watched; every other label is there
@ for expectations to name.
@
@ Expectations are written by hand from the docstring of dbt/hooks/records.py, in the comment that
@ begins each file, one event a line, numbers as in C:
@
@   @ expect: call FUNCTION site=LABEL depth=N args=R0,R1 caller=LABEL     args may be fewer than four
@   @ expect: tail_call FUNCTION ...    return FUNCTION result=R0    unwound FUNCTION
@   @ expect: syscall NAME site=LABEL   syscall_return NAME          all of them, or none
@   @ expect: repeat N                  up to the next `@ expect: end`
@   @ status: N                         exit status (0 when absent)

        .macro  function name
        .type   \name, %function
\name:
        .endm

        .macro  exit                    @ with the status in r0
        mov     r7, #1
        swi     0
        .endm

        .text
        .globl  _start

        .macro  catch number, action    @ sigaction(number, action, NULL)
        mov     r0, #\number
        ldr     r1, =\action
        mov     r2, #0
        mov     r3, #8
        mov     r7, #174
        swi     0
        .endm

        .macro  send number             @ kill(getpid(), number)
        mov     r7, #20
        swi     0
        mov     r1, #\number
        mov     r7, #37
        swi     0
        .endm

        .macro  action handler, flags=0, mask=0
        .word   \handler, 0x04000000 + \flags, restore, \mask, 0
        .endm

        .macro  restorer                @ what SA_RESTORER names
restore:
        mov     r7, #119
        swi     0
        .endm

        .macro  throws                  @ setjmp and longjmp that nobody watches, and their buffer
setjmp: mov     r1, sp
        stmia   r0, {r1, r4-r11, lr}
        mov     r0, #0
        bx      lr
longjmp:
        ldmia   r0, {r2, r4-r11, lr}
        mov     sp, r2
        mov     r0, r1
        bx      lr
        .ltorg
        .bss
buffer: .space  40
        .endm
