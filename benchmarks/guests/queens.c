/* Recursion and backtracking with bit masks: the ways to place queens on a board. */
#include "guest.h"

__attribute__((noinline)) static u32 place(u32 all, u32 columns, u32 left, u32 right)
{
    if (columns == all)
        return 1;
    u32 found = 0;
    for (u32 free = all & ~(columns | left | right); free; free &= free - 1) {
        u32 bit = free & -free;
        found += place(all, columns | bit, (left | bit) << 1, (right | bit) >> 1);
    }
    return found;
}

int main(int argc, char **argv)
{
    u32 rounds = argc > 1 ? number(argv[1]) : 1;
    u32 found = 0;
    for (u32 i = 0; i < rounds; i++)
        found += place((1u << (8 + i % 3)) - 1, 0, 0, 0);
    print("queens %u\n", found);
    return 0;
}
