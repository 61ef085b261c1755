/* Neighbours in a grid of bytes: Conway's game of life on a torus. */
#include "guest.h"

enum { SIDE = 64 };
static u8 grids[2][SIDE * SIDE];

__attribute__((noinline)) static void step(const u8 *from, u8 *to)
{
    for (u32 y = 0; y < SIDE; y++) {
        const u8 *row = from + y * SIDE;
        const u8 *above = from + (y + SIDE - 1) % SIDE * SIDE, *below = from + (y + 1) % SIDE * SIDE;
        for (u32 x = 0; x < SIDE; x++) {
            u32 left = (x + SIDE - 1) % SIDE, right = (x + 1) % SIDE;
            u32 near = above[left] + above[x] + above[right] + row[left] + row[right] +
                       below[left] + below[x] + below[right];
            to[y * SIDE + x] = near == 3 || (near == 2 && row[x]);
        }
    }
}

int main(int argc, char **argv)
{
    u32 rounds = argc > 1 ? number(argv[1]) : 10;
    u32 seed = 19, now = 0, sum = 0;
    for (u32 i = 0; i < SIDE * SIDE; i++)
        grids[0][i] = (seed = seed * 1103515245 + 12345) >> 16 & 1;
    while (rounds--) {
        step(grids[now], grids[now ^ 1]);
        now ^= 1;
        grids[now][rounds % (SIDE * SIDE)] ^= 1; /* so that it never rests */
    }
    for (u32 i = 0; i < SIDE * SIDE; i++)
        sum = sum * 3 + grids[now][i];
    print("life %x\n", sum);
    return 0;
}
