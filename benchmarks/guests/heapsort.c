/* Compares that cannot be guessed: heap sort of words. */
#include "guest.h"

enum { COUNT = 1 << 13 };
static u32 words[COUNT];

__attribute__((noinline)) static void sink(u32 at, u32 count)
{
    u32 value = words[at];
    for (u32 child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && words[child] < words[child + 1])
            child++;
        if (words[child] <= value)
            break;
        words[at] = words[child];
    }
    words[at] = value;
}

__attribute__((noinline)) static void sort(u32 count)
{
    for (u32 at = count / 2; at--;)
        sink(at, count);
    while (--count) {
        u32 top = words[0];
        words[0] = words[count];
        words[count] = top;
        sink(0, count);
    }
}

int main(int argc, char **argv)
{
    u32 rounds = argc > 1 ? number(argv[1]) : 1;
    u32 seed = 5, sum = 0;
    while (rounds--) {
        for (u32 i = 0; i < COUNT; i++)
            words[i] = seed = seed * 1103515245 + 12345;
        sort(COUNT);
        for (u32 i = 0; i < COUNT; i += 64)
            sum = sum * 3 + words[i];
    }
    print("heapsort %x\n", sum);
    return 0;
}
