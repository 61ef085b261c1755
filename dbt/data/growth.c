/* What `armdbt bench growth` runs: a program that writes code and calls it.

       growth code INSTRUCTIONS SEED SIZE ROUNDS
       growth jit  REWRITES SEED WORDS PAGES

   `code` writes functions of about SIZE instructions, INSTRUCTIONS in all, and calls each of them
   once a round, first so that every instruction is executed. `jit` writes a function of WORDS words
   (0: of 4 to 64), calls it, and writes the next one in its place, on so many pages in turn.

   getpid is called before each round and after the last one, and about 50 times while code is
   rewritten. The addresses of the functions are in the array at `functions`. */
#include "guest.h"

enum { PAGE = 4096, ALWAYS = 0xe0000000u, RETURN = 0xe12fff1e, FLAG = 10, DATA = 11, LINK = 14 };

u32 *functions;
u32 function_count;

static u32 state;
static u32 *at; /* where the next instruction goes */

static u32 draw(u32 below)
{
    state ^= state << 13, state ^= state >> 17, state ^= state << 5;
    return (state >> 8) % below;
}

static void *map(u32 size)
{
    long address = syscall6(SYS_mmap2, 0, size, 7, 0x22, -1, 0);
    if (address < 0 && address > -4096) {
        print("growth: no memory for %u bytes\n", size);
        exit(1);
    }
    return (void *)address;
}

/* Call code with a flag in r10 and the address of data in r11. Returns what it leaves in r0. */
__attribute__((naked, noinline)) u32 call(u32 *code, u32 flag, u32 *data)
{
    (void)code, (void)flag, (void)data;
    __asm__("push {r4-r12, lr}\n\t"
            "mov r10, r1\n\t"
            "mov r11, r2\n\t"
            "mov r1, #1\n\t"
            "mov r2, #2\n\t"
            "mov r3, #3\n\t"
            "mov r4, #4\n\t"
            "mov r5, #5\n\t"
            "mov r6, #6\n\t"
            "mov r7, #7\n\t"
            "mov r8, #8\n\t"
            "blx r0\n\t"
            "pop {r4-r12, pc}");
}

static void mark(void)
{
    syscall(SYS_getpid, 0, 0, 0);
}

static void branch(u32 opcode, u32 *from, u32 *to)
{
    *from = opcode | ((u32)(to - from - 2) & 0xffffff);
}

/* One instruction that does not branch, on r0 to r8. */
static u32 plain(void)
{
    u32 rd = draw(9), rn = draw(9), rm = draw(9);
    switch (draw(16)) {
    case 0: case 1: case 2: /* ldr rd, [r11, #...] */
        return 0xe5900000 | DATA << 16 | rd << 12 | draw(256) << 2;
    case 3: case 4: /* str */
        return 0xe5800000 | DATA << 16 | rd << 12 | draw(256) << 2;
    case 5: /* ldrb */
        return 0xe5d00000 | DATA << 16 | rd << 12 | draw(1024);
    case 6: /* cmp rn, #... */
        return 0xe3500000 | rn << 16 | draw(256);
    case 7: /* moveq or movne rd, rm */
        return (draw(2) << 28) | 0x01a00000 | rd << 12 | rm;
    case 8: /* mul rd, rm, rs */
        return 0xe0000090 | rd << 16 | rn << 8 | (rm == rd ? (rm + 1) % 9 : rm);
    case 9: case 10: case 11: /* and, eor, sub, rsb, add rd, rn, #... */
        return ALWAYS | 0x02000000 | draw(5) << 21 | rn << 16 | rd << 12 | draw(256);
    case 12: /* mov rd, rm, lsl #... */
        return 0xe1a00000 | rd << 12 | draw(32) << 7 | rm;
    case 13: /* with flags */
        return ALWAYS | draw(5) << 21 | 1 << 20 | rn << 16 | rd << 12 | rm;
    default: /* and, eor, sub, rsb, add rd, rn, rm */
        return ALWAYS | draw(5) << 21 | rn << 16 | rd << 12 | rm;
    }
}

static void block(u32 count)
{
    while (count--)
        *at++ = plain();
}

/* A function of about `size` instructions: blocks that are skipped when the flag is 0, and in
   every fourth function a call. */
static void function(u32 size, u32 *leaf)
{
    u32 *begun = at;
    u32 calls = size >= 16 && draw(4) == 0;
    if (calls)
        *at++ = 0xe52de004; /* str lr, [sp, #-4]! */
    block(1 + draw(4));
    while (at - begun < (long)size - 4) {
        *at++ = 0xe31a0001; /* tst r10, #1 */
        u32 *skip = at++;
        block(2 + draw(6));
        if (calls && draw(2)) {
            branch(0xeb000000, at, leaf); /* bl */
            at++;
        }
        branch(0x0a000000, skip, at); /* beq */
        block(1 + draw(3));
    }
    *at++ = calls ? 0xe49df004 /* ldr pc, [sp], #4 */ : RETURN;
}

static u32 sum(const u32 *data)
{
    u32 all = 0;
    for (u32 i = 0; i < 256; i++)
        all = all * 31 + data[i];
    return all;
}

static void grow(u32 wanted, u32 size, u32 rounds)
{
    u32 *code = map((wanted + 4 * size + 64) * 4), *data = map(PAGE);
    functions = map((wanted / 4 + 2) * 4);
    at = code;
    *at++ = RETURN; /* what it means depends on the word in front, which is not on a page of data */
    u32 *leaf = at;
    *at++ = RETURN;
    while ((u32)(at - code) < wanted) {
        functions[function_count++] = (u32)at;
        function(size, leaf);
    }
    for (u32 round = 0; round < rounds; round++) {
        mark();
        for (u32 i = 0; i < function_count; i++)
            call((u32 *)functions[i], round == 0 || round % 2, data);
    }
    mark();
    print("%u functions, %u instructions, %x\n", function_count, (u32)(at - code), sum(data));
}

static void rewrite(u32 times, u32 words, u32 pages)
{
    u32 *code = map(pages * PAGE), *data = map(PAGE), every = times < 50 ? 1 : times / 50;
    for (u32 i = 0; i < times; i++) {
        u32 *start = code + i % pages * (PAGE / 4), size = words ? words : 4 + draw(61);
        if (i % every == 0)
            mark();
        at = start;
        block(size - 2);
        *at++ = 0xe2800000 | (i & 255); /* add r0, r0, #... */
        *at++ = RETURN;
        syscall(SYS_cacheflush, start, at, 0);
        data[i % 256] += call(start, 1, data);
    }
    mark();
    print("%u rewrites, %x\n", times, sum(data));
}

int main(int argc, char **argv)
{
    if (argc != 6 || !number(argv[2]) || !number(argv[5])) {
        print("growth code INSTRUCTIONS SEED SIZE ROUNDS | jit REWRITES SEED WORDS PAGES\n");
        return 2;
    }
    state = number(argv[3]) * 2654435761u | 1;
    u32 amount = number(argv[2]), size = number(argv[4]), last = number(argv[5]);
    if (same(argv[1], "code"))
        grow(amount, size < 6 ? 6 : size, last);
    else
        rewrite(amount, size == 0 || (size > 2 && size <= PAGE / 4) ? size : 8, last);
    return 0;
}
