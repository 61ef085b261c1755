/* Indirect jumps: a bytecode interpreter that counts primes by trial division. */
#include "guest.h"

enum { SET, COPY, ADD, ADDI, MOD, MUL, LESS, JUMP, JUMP_IF, JUMP_UNLESS, XOR, STOP };

typedef struct {
    u8 op, a, b;
    signed char at;
    u32 imm;
} word;

/* r0 n, r1 divisor, r2 scratch, r3 count, r4 limit, r5 checksum */
static const word program[] = {
    {SET, 0, 0, 0, 2},        /*  0 */
    {COPY, 2, 0, 0, 0},       /*  1 outer */
    {LESS, 2, 4, 0, 0},       /*  2 */
    {JUMP_UNLESS, 2, 0, 19, 0}, /*  3 */
    {SET, 1, 0, 0, 2},        /*  4 */
    {COPY, 2, 1, 0, 0},       /*  5 inner */
    {MUL, 2, 1, 0, 0},        /*  6 */
    {COPY, 6, 0, 0, 0},       /*  7 */
    {LESS, 6, 2, 0, 0},       /*  8 */
    {JUMP_IF, 6, 0, 14, 0},   /*  9 */
    {COPY, 2, 0, 0, 0},       /* 10 */
    {MOD, 2, 1, 0, 0},        /* 11 */
    {JUMP_UNLESS, 2, 0, 17, 0}, /* 12 */
    {JUMP, 0, 0, 20, 0},      /* 13 */
    {ADDI, 3, 0, 0, 1},       /* 14 a prime */
    {XOR, 5, 0, 0, 0},        /* 15 */
    {ADD, 5, 3, 0, 0},        /* 16 */
    {ADDI, 0, 0, 0, 1},       /* 17 next */
    {JUMP, 0, 0, 1, 0},       /* 18 */
    {STOP, 0, 0, 0, 0},       /* 19 */
    {ADDI, 1, 0, 0, 1},       /* 20 */
    {JUMP, 0, 0, 5, 0},       /* 21 */
};

static u32 remainder(u32 x, u32 y)
{
    u32 shifted = y;
    while (shifted <= x >> 1)
        shifted <<= 1;
    for (; shifted >= y; shifted >>= 1)
        if (x >= shifted)
            x -= shifted;
    return x;
}

__attribute__((noinline)) static void run(u32 *r)
{
    for (const word *w = program;; w++) {
        switch (w->op) {
        case SET: r[w->a] = w->imm; break;
        case COPY: r[w->a] = r[w->b]; break;
        case ADD: r[w->a] += r[w->b]; break;
        case ADDI: r[w->a] += w->imm; break;
        case MOD: r[w->a] = remainder(r[w->a], r[w->b]); break;
        case MUL: r[w->a] *= r[w->b]; break;
        case LESS: r[w->a] = r[w->a] < r[w->b]; break;
        case JUMP: w = program + w->at - 1; break;
        case JUMP_IF: if (r[w->a]) w = program + w->at - 1; break;
        case JUMP_UNLESS: if (!r[w->a]) w = program + w->at - 1; break;
        case XOR: r[w->a] ^= r[w->b]; break;
        default: return;
        }
    }
}

int main(int argc, char **argv)
{
    u32 registers[8] = {0};
    registers[4] = argc > 1 ? number(argv[1]) : 1000;
    run(registers);
    print("bytecode %u %x\n", registers[3], registers[5]);
    return 0;
}
