/* Straight code with more values than registers: the ChaCha20 key stream. */
#include "guest.h"

static inline u32 rol(u32 x, u32 n) { return x << n | x >> (32 - n); }

#define QUARTER(a, b, c, d)                                                                        \
    (a += b, d = rol(d ^ a, 16), c += d, b = rol(b ^ c, 12), a += b, d = rol(d ^ a, 8), c += d,    \
     b = rol(b ^ c, 7))

static u32 state[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
static u8 text[64];

__attribute__((noinline)) static void stream(void)
{
    u32 x[16];
    for (u32 i = 0; i < 16; i++)
        x[i] = state[i];
    for (u32 i = 0; i < 10; i++) {
        QUARTER(x[0], x[4], x[8], x[12]);
        QUARTER(x[1], x[5], x[9], x[13]);
        QUARTER(x[2], x[6], x[10], x[14]);
        QUARTER(x[3], x[7], x[11], x[15]);
        QUARTER(x[0], x[5], x[10], x[15]);
        QUARTER(x[1], x[6], x[11], x[12]);
        QUARTER(x[2], x[7], x[8], x[13]);
        QUARTER(x[3], x[4], x[9], x[14]);
    }
    for (u32 i = 0; i < 16; i++) {
        u32 word = x[i] + state[i];
        for (u32 byte = 0; byte < 4; byte++)
            text[4 * i + byte] ^= word >> (8 * byte);
    }
    state[12]++;
}

int main(int argc, char **argv)
{
    u32 rounds = argc > 1 ? number(argv[1]) : 1000;
    for (u32 i = 4; i < 12; i++)
        state[i] = i * 0x01020304;
    while (rounds--)
        stream();
    u32 sum = 0;
    for (u32 i = 0; i < 64; i++)
        sum = sum * 31 + text[i];
    print("chacha %x\n", sum);
    return 0;
}
