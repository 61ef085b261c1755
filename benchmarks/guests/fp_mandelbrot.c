/* A short loop of dependent operations, with a comparison: the Mandelbrot set in doubles. */
#include "guest.h"

enum { WIDTH = 64, HEIGHT = 48, MOST = 200 };

__attribute__((noinline)) static u32 steps(double cr, double ci)
{
    double r = 0, i = 0;
    u32 n = 0;
    for (; n < MOST; n++) {
        double rr = r * r, ii = i * i;
        if (rr + ii > 4)
            break;
        i = 2 * r * i + ci;
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
                sum = sum * 5 + steps((x * 3 - 2 * WIDTH) / (double)WIDTH,
                                      (y * 2 - HEIGHT) / (double)HEIGHT + rounds * 1e-7);
    print("fp_mandelbrot %x\n", sum);
    return 0;
}
