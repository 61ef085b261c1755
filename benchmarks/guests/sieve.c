/* Stores in strides: the sieve of Eratosthenes. */
#include "guest.h"

enum { LIMIT = 1 << 18 };
static u8 composite[LIMIT];

__attribute__((noinline)) static u32 sieve(u32 first)
{
    u32 found = 0;
    for (u32 i = 0; i < LIMIT; i++)
        composite[i] = 0;
    for (u32 i = first; i < LIMIT; i++) {
        if (composite[i])
            continue;
        found++;
        for (u32 at = i; at < LIMIT; at += i)
            composite[at] = 1;
    }
    return found;
}

int main(int argc, char **argv)
{
    u32 rounds = argc > 1 ? number(argv[1]) : 1;
    u32 sum = 0;
    while (rounds--)
        sum = sum * 3 + sieve(2 + (rounds & 1));
    print("sieve %u\n", sum);
    return 0;
}
