/* Computed jumps: a threaded interpreter runs Collatz sequences. */
#include "guest.h"

enum { PUSH, ADD, MULTIPLY, HALVE, ODD, DUP, DROP, SWAP, OVER, JUMP_IF_ZERO, JUMP, SUBTRACT, END };

static const u32 program[] = {
    PUSH, 0, SWAP,            /* steps n */
    DUP, PUSH, 1, SUBTRACT,   /* 3: steps n n-1 */
    JUMP_IF_ZERO, 27,         /* steps n */
    DUP, ODD, JUMP_IF_ZERO, 19,
    PUSH, 3, MULTIPLY, PUSH, 1, ADD, /* an odd one grows, and is even then */
    HALVE,                    /* 19 */
    SWAP, PUSH, 1, ADD, SWAP, JUMP, 3,
    DROP, END,                /* 27 */
};

__attribute__((noinline)) static u32 interpret(const u32 *code, u32 argument)
{
    static const void *const labels[] = {&&push, &&add, &&multiply, &&halve, &&odd, &&dup, &&drop,
                                         &&swap, &&over, &&jump_if_zero, &&jump, &&subtract, &&end};
    u32 stack[16], *top = stack, held;
    const u32 *at = code;
    *top = argument;
#define NEXT goto *labels[*at++]
    NEXT;
push: *++top = *at++; NEXT;
add: top--, *top += top[1]; NEXT;
multiply: top--, *top *= top[1]; NEXT;
halve: *top >>= 1; NEXT;
odd: *top &= 1; NEXT;
dup: top++, *top = top[-1]; NEXT;
drop: top--; NEXT;
swap: held = *top, *top = top[-1], top[-1] = held; NEXT;
over: top++, *top = top[-2]; NEXT;
jump_if_zero: at = *top-- ? at + 1 : code + *at; NEXT;
jump: at = code + *at; NEXT;
subtract: top--, *top -= top[1]; NEXT;
end: return *top;
}

int main(int argc, char **argv)
{
    u32 rounds = argc > 1 ? number(argv[1]) : 100;
    u32 sum = 0;
    for (u32 n = 1; n <= rounds; n++)
        sum = sum * 3 + interpret(program, n & 8191 ? n & 8191 : 1);
    print("forth %x\n", sum);
    return 0;
}
