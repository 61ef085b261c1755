/* Data-dependent branches and recursion: sort pseudo-random words. */
#include "guest.h"

enum { COUNT = 16384 };
static u32 data[COUNT];

__attribute__((noinline)) static void sort(u32 *low, u32 *high)
{
    while (low < high) {
        u32 pivot = low[(high - low) / 2];
        u32 *i = low, *j = high;
        while (i <= j) {
            while (*i < pivot)
                i++;
            while (*j > pivot)
                j--;
            if (i <= j) {
                u32 t = *i;
                *i++ = *j;
                *j-- = t;
            }
        }
        if (j - low < high - i) {
            sort(low, j);
            low = i;
        } else {
            sort(i, high);
            high = j;
        }
    }
}

int main(int argc, char **argv)
{
    u32 rounds = argc > 1 ? number(argv[1]) : 1;
    u32 seed = 1, sum = 0;
    while (rounds--) {
        for (u32 i = 0; i < COUNT; i++)
            data[i] = seed = seed * 1664525 + 1013904223;
        sort(data, data + COUNT - 1);
        for (u32 i = 1; i < COUNT; i++)
            sum = sum * 3 + (data[i - 1] <= data[i]) + data[i];
    }
    print("quicksort %x\n", sum);
    return 0;
}
