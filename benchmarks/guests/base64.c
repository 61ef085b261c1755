/* Tables and shifts: bytes to base64 and back. */
#include "guest.h"

enum { SIZE = 3 * 512, TEXT = SIZE / 3 * 4 };
static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static u8 data[SIZE], back[SIZE], values[256];
static char text[TEXT];

__attribute__((noinline)) static void encode(void)
{
    char *to = text;
    for (const u8 *from = data; from < data + SIZE; from += 3) {
        u32 group = from[0] << 16 | from[1] << 8 | from[2];
        *to++ = letters[group >> 18];
        *to++ = letters[group >> 12 & 63];
        *to++ = letters[group >> 6 & 63];
        *to++ = letters[group & 63];
    }
}

__attribute__((noinline)) static void decode(void)
{
    u8 *to = back;
    for (const char *from = text; from < text + TEXT; from += 4) {
        u32 group = 0;
        for (u32 i = 0; i < 4; i++)
            group = group << 6 | values[(u8)from[i]];
        *to++ = group >> 16;
        *to++ = group >> 8;
        *to++ = group;
    }
}

int main(int argc, char **argv)
{
    u32 rounds = argc > 1 ? number(argv[1]) : 10;
    u32 seed = 37, sum = 0;
    for (u32 i = 0; i < 64; i++)
        values[(u8)letters[i]] = i;
    for (u32 i = 0; i < SIZE; i++)
        data[i] = (seed = seed * 1103515245 + 12345) >> 16;
    while (rounds--) {
        encode();
        decode();
        for (u32 i = 0; i < SIZE; i += 16)
            sum = sum * 3 + back[i];
        data[rounds % SIZE] ^= sum;
    }
    print("base64 %x\n", sum);
    return 0;
}
