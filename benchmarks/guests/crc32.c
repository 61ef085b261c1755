/* Byte loads and a table: CRC-32. */
#include "guest.h"

enum { SIZE = 65536 };
static u32 table[256];
static u8 data[SIZE];

__attribute__((noinline)) static u32 crc(u32 value, const u8 *p, u32 n)
{
    while (n--)
        value = table[(value ^ *p++) & 255] ^ value >> 8;
    return value;
}

int main(int argc, char **argv)
{
    u32 rounds = argc > 1 ? number(argv[1]) : 1;
    for (u32 i = 0; i < 256; i++) {
        u32 value = i;
        for (u32 bit = 0; bit < 8; bit++)
            value = value & 1 ? value >> 1 ^ 0xedb88320 : value >> 1;
        table[i] = value;
    }
    for (u32 i = 0; i < SIZE; i++)
        data[i] = i * 2654435761u >> 24;
    u32 value = ~0u;
    while (rounds--)
        value = crc(value, data, SIZE);
    print("crc32 %x\n", ~value);
    return 0;
}
