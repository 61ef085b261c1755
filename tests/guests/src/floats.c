/* Floating point of VFPv4 in loops, functions and conditional instructions, with the FPSCR: in ARM
 * code, and in Thumb code that it calls. Prints bits and exceptions. */
#include "guest.h"

#define THUMB __attribute__((target("thumb"), noinline))
#define ARM __attribute__((noinline))
enum { NEAREST, UP, DOWN, ZERO };

static u32 status(void)
{
    u32 value;
    __asm__ volatile("vmrs %0, fpscr" : "=r"(value));
    return value;
}

static void set_status(u32 value)
{
    __asm__ volatile("vmsr fpscr, %0" ::"r"(value) : "memory");
}

static void show(const char *what, double number)
{
    union { double number; u64 bits; } both = { number };
    print("%s %x %x, status %x\n", what, (u32)(both.bits >> 32), (u32)both.bits,
          status() & 0x0fffffff);
}

#define NEWTON(kind, name)                                                                         \
    kind static double name(double a)                                                              \
    {                                                                                              \
        double x = a;                                                                              \
        for (int i = 0; i < 40; i++)                                                               \
            x = (x + a / x) * 0.5;                                                                 \
        return x;                                                                                  \
    }
NEWTON(ARM, newton)
NEWTON(THUMB, newton_in_thumb)

#define SERIES(kind, name)                                                                         \
    kind static float name(u32 terms)                                                              \
    {                                                                                              \
        float sum = 0, sign = 1;                                                                   \
        for (u32 i = 0; i < terms; i++) {                                                          \
            sum += sign / (float)(2 * i + 1);                                                      \
            sign = -sign;                                                                          \
        }                                                                                          \
        return 4 * sum;                                                                            \
    }
SERIES(ARM, series)
SERIES(THUMB, series_in_thumb)

ARM static u32 compare(double a, double b)
{
    u32 found = 0;
    for (u32 i = 0; i < 8; i++) {
        found = found << 5 | (a < b) | (a <= b) << 1 | (a == b) << 2 | (a > b) << 3 | (a != a) << 4;
        a += 0.25;
        b = i & 2 ? -b : b * 1.5;
    }
    return found;
}

ARM static u32 convert(double step)
{
    u32 sum = 0;
    double x = -3e9;
    for (u32 i = 0; i < 60; i++, x += step)
        sum = sum * 31 + (u32)(int)x + (u32)x * 3 + (u32)(float)x * 5;
    return sum;
}

static double fused(double a, double b, double c)
{
    __asm__("vfma.f64 %P0, %P1, %P2" : "+w"(c) : "w"(a), "w"(b));
    return c;
}

int main(void)
{
    for (u32 mode = NEAREST; mode <= ZERO; mode++) {
        set_status(mode << 22);
        show("newton", newton(2) + newton_in_thumb(3));
        show("series", (double)series(200) - series_in_thumb(201));
        print("compare %x %x\n", compare(1.25, -1.5), compare(0.0 / newton(1e-300), 1));
        print("convert %x %x\n", convert(123456789.25), status());
        show("fused", fused(newton(5), newton(7), -newton(35)));
        double tiny = 1;
        for (u32 i = 0; i < 1080; i++)
            tiny *= 0.51;
        show("tiny", tiny);
    }
    set_status(1 << 24);
    show("flushed", newton(1e-310));
    set_status(0);
    show("no number", newton(-1) + newton(0) * 0);
    return 0;
}
