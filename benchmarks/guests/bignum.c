/* Carries: long numbers are multiplied, word by word, and reduced. */
#include "guest.h"

enum { WORDS = 32 };
static u32 value[WORDS], factor[WORDS], product[2 * WORDS];

__attribute__((noinline)) static void multiply(const u32 *a, const u32 *b)
{
    for (u32 i = 0; i < 2 * WORDS; i++)
        product[i] = 0;
    for (u32 i = 0; i < WORDS; i++) {
        u64 carry = 0;
        for (u32 j = 0; j < WORDS; j++) {
            carry += (u64)a[i] * b[j] + product[i + j];
            product[i + j] = carry;
            carry >>= 32;
        }
        product[i + WORDS] = carry;
    }
}

/* The product modulo 2 ** (32 * WORDS) - 1. */
__attribute__((noinline)) static void reduce(u32 *to)
{
    u64 carry = 0;
    for (u32 i = 0; i < WORDS; i++) {
        carry += (u64)product[i] + product[i + WORDS];
        to[i] = carry;
        carry >>= 32;
    }
    for (u32 i = 0; carry && i < WORDS; i++) {
        carry += to[i];
        to[i] = carry;
        carry >>= 32;
    }
}

int main(int argc, char **argv)
{
    u32 rounds = argc > 1 ? number(argv[1]) : 10;
    u32 seed = 29, sum = 0;
    for (u32 i = 0; i < WORDS; i++) {
        value[i] = seed = seed * 1103515245 + 12345;
        factor[i] = seed = seed * 1103515245 + 12345;
    }
    while (rounds--) {
        multiply(value, factor);
        reduce(value);
    }
    for (u32 i = 0; i < WORDS; i++)
        sum = sum * 31 + value[i];
    print("bignum %x\n", sum);
    return 0;
}
