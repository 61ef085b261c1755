@ The old system call interface: the number is in the swi instruction, r7 means nothing.
        .text
        .globl  _start
_start: mov     r7, #1                  @ would be exit under the new interface
        mov     r0, #1
        adr     r1, text
        mov     r2, #(end - text)
        swi     0x900004                @ write
        mov     r0, r2
        swi     0x900001                @ exit
text:   .ascii  "old interface\n"
end:    .align  2
