/* Bytes and strings: an LZ77 compressor with hash chains of one, its inverse, and a comparison. */
#include "guest.h"

enum { SIZE = 32768, HASHES = 4096, LONGEST = 255 };
static u8 text[SIZE], packed[SIZE * 2], unpacked[SIZE];
static u16 last[HASHES];

static const char *const words[] = {"the ",  "guest ",  "block ", "is ",    "chained ", "to ",
                                    "a ",    "return ", "of ",    "call, ", "system ",  "and ",
                                    "then ", "linked. ", "by ",   "table "};

__attribute__((noinline)) static u32 pack(void)
{
    u32 at = 0, out = 0;
    while (at + 4 < SIZE) {
        u32 hash = ((text[at] << 8 ^ text[at + 1] << 4 ^ text[at + 2]) * 2654435761u) >> 20;
        u32 from = last[hash];
        last[hash] = at;
        u32 n = 0;
        if (from < at)
            while (n < LONGEST && at + n < SIZE && text[from + n] == text[at + n])
                n++;
        if (n >= 4) {
            u32 distance = at - from;
            packed[out++] = 0xff;
            packed[out++] = n;
            packed[out++] = distance;
            packed[out++] = distance >> 8;
            at += n;
        } else
            packed[out++] = text[at++];
    }
    while (at < SIZE)
        packed[out++] = text[at++];
    return out;
}

__attribute__((noinline)) static u32 unpack(u32 size)
{
    u32 out = 0;
    for (u32 at = 0; at < size;) {
        if (packed[at] != 0xff) {
            unpacked[out++] = packed[at++];
            continue;
        }
        u32 n = packed[at + 1];
        u32 distance = packed[at + 2] | packed[at + 3] << 8;
        for (at += 4; n--; out++)
            unpacked[out] = unpacked[out - distance];
    }
    return out;
}

int main(int argc, char **argv)
{
    u32 rounds = argc > 1 ? number(argv[1]) : 1;
    u32 seed = 3, sum = 0;
    while (rounds--) {
        for (u32 at = 0; at < SIZE;) {
            seed = seed * 1664525 + 1013904223;
            for (const char *p = words[seed >> 28]; *p && at < SIZE; p++)
                text[at++] = *p;
        }
        u32 size = pack();
        u32 whole = unpack(size);
        u32 wrong = whole != SIZE;
        for (u32 i = 0; i < SIZE; i++)
            wrong += text[i] != unpacked[i];
        sum = sum * 31 + size + wrong * 1000003;
    }
    print("lz %x\n", sum);
    return 0;
}
