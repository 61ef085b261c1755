/* Long multiplications: the Mandelbrot set in fixed point, 24 bits after the point. */
#include "guest.h"

enum { POINT = 24, WIDTH = 64, HEIGHT = 48, MOST = 200 };

static inline int times(int a, int b) { return (long long)a * b >> POINT; }

__attribute__((noinline)) static u32 steps(int cr, int ci)
{
    int r = 0, i = 0;
    u32 n = 0;
    for (; n < MOST; n++) {
        int rr = times(r, r), ii = times(i, i);
        if (rr + ii > 4 << POINT)
            break;
        i = 2 * times(r, i) + ci;
        r = rr - ii + cr;
    }
    return n;
}

int main(int argc, char **argv)
{
    u32 rounds = argc > 1 ? number(argv[1]) : 1;
    u32 sum = 0;
    while (rounds--)
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++)
                sum = sum * 5 + steps((x * 3 - 2 * WIDTH) * ((1 << POINT) / WIDTH),
                                      (y * 2 - HEIGHT) * ((1 << POINT) / HEIGHT) + (int)rounds);
    print("mandelbrot %x\n", sum);
    return 0;
}
