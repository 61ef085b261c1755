/* Adds and rotations that depend on each other: MD5 of a buffer, over and over. */
#include "guest.h"

static u32 k[64], state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}, block[16];
static const u8 turns[16] = {7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21};

static inline u32 rol(u32 x, u32 n) { return x << n | x >> (32 - n); }

__attribute__((noinline)) static void compress(const u32 *m)
{
    u32 a = state[0], b = state[1], c = state[2], d = state[3];
    for (u32 i = 0; i < 64; i++) {
        u32 f, g;
        switch (i >> 4) {
        case 0: f = (b & c) | (~b & d), g = i; break;
        case 1: f = (d & b) | (~d & c), g = 5 * i + 1; break;
        case 2: f = b ^ c ^ d, g = 3 * i + 5; break;
        default: f = c ^ (b | ~d), g = 7 * i; break;
        }
        u32 sum = a + f + k[i] + m[g & 15];
        a = d, d = c, c = b, b += rol(sum, turns[i >> 4 << 2 | (i & 3)]);
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
}

int main(int argc, char **argv)
{
    u32 rounds = argc > 1 ? number(argv[1]) : 1000;
    u32 seed = 0xd76aa478;
    for (u32 i = 0; i < 64; i++)
        k[i] = seed = seed * 1664525 + 1013904223; /* instead of the sines */
    for (u32 i = 0; i < rounds; i++) {
        block[i & 15] = i;
        compress(block);
    }
    print("md5 %x %x\n", state[0], state[3]);
    return 0;
}
