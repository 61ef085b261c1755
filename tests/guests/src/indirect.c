/* Every way compiled ARM code calls, returns and jumps through a register or a table. */
#include "guest.h"

typedef u32 (*function)(u32);

__attribute__((noinline)) static u32 twice(u32 x) { return x * 2; }
__attribute__((noinline)) static u32 plus3(u32 x) { return x + 3; }
__attribute__((noinline)) static u32 flip(u32 x) { return ~x; }
__attribute__((noinline)) static u32 tail(u32 x) { return plus3(x ^ 5); } /* b plus3 */

static function table[] = {twice, plus3, flip, tail};

__attribute__((noinline)) static u32 dispatch(u32 op, u32 x)
{
    switch (op) {
    case 0: return x + 1;
    case 1: return x * 3;
    case 2: return x - 7;
    case 3: return x ^ 0x55;
    case 4: return x >> 3;
    case 5: return x << 2;
    case 6: return x | 0x100;
    default: return x;
    }
}

/* Armv4 style: no blx, returns by mov pc, ldr pc and pop {r1}; bx r1. */
__attribute__((naked, noinline)) static u32 old_style(u32 x, function f)
{
    (void)x, (void)f;
    __asm__("str  lr, [sp, #-4]!\n\t"
            "mov  lr, pc\n\t"
            "mov  pc, r1\n\t"
            "bl   1f\n\t"
            "bl   2f\n\t"
            "bl   3f\n\t"
            "ldr  pc, [sp], #4\n"
            "1:\n\t"
            "add  r0, r0, #1\n\t"
            "mov  pc, lr\n"
            "2:\n\t"
            "push {lr}\n\t"
            "eor  r0, r0, #2\n\t"
            "pop  {r1}\n\t"
            "bx   r1\n"
            "3:\n\t"
            "stmfd sp!, {r4, lr}\n\t"
            "sub  r0, r0, #3\n\t"
            "ldmfd sp!, {r4, pc}");
}

/* Conditional calls and returns. */
__attribute__((naked, noinline)) static u32 conditional(u32 x)
{
    (void)x;
    __asm__("cmp   r0, #10\n\t"
            "movlt r0, #1\n\t"
            "bxlt  lr\n\t"
            "push  {r4, lr}\n\t"
            "tst   r0, #1\n\t"
            "blne  1f\n\t"
            "cmp   r0, #50\n\t"
            "pophi {r4, pc}\n\t"
            "add   r0, r0, #100\n\t"
            "pop   {r4, pc}\n"
            "1:\n\t"
            "add   r0, r0, r0\n\t"
            "mov   pc, lr");
}

/* add pc, pc, rN, lsl #2: the jump table of old compilers. */
__attribute__((naked, noinline)) static u32 computed(u32 x)
{
    (void)x;
    __asm__("and   r0, r0, #3\n\t"
            "add   pc, pc, r0, lsl #2\n\t"
            "nop\n\t"
            "b     1f\n\t"
            "b     2f\n\t"
            "b     3f\n\t"
            "mov   r0, #40\n\t"
            "bx    lr\n"
            "1: mov r0, #10\n\t"
            "bx    lr\n"
            "2: mov r0, #20\n\t"
            "bx    lr\n"
            "3: mov r0, #30\n\t"
            "bx    lr");
}

int main(int argc, char **argv)
{
    u32 rounds = argc > 1 ? number(argv[1]) : 1000;
    u32 x = 1;
    for (u32 i = 0; i < rounds; i++) {
        x = table[i & 3](x);
        x += dispatch(x % 9, x);
        x ^= old_style(x, table[x & 3]);
        x += conditional(i & 63);
        x = (x + computed(x)) * 5 + i;
    }
    print("indirect %x\n", x);
    return 0;
}
