/* Dynamic programming: the edit distance of words. */
#include "guest.h"

enum { SIZE = 64 };
static char words[16][SIZE + 1];

static inline u32 least(u32 a, u32 b) { return a < b ? a : b; }

__attribute__((noinline)) static u32 distance(const char *a, const char *b)
{
    u32 row[SIZE + 1];
    for (u32 j = 0; j <= SIZE; j++)
        row[j] = j;
    for (u32 i = 0; i < SIZE; i++) {
        u32 before = row[0];
        row[0] = i + 1;
        for (u32 j = 0; j < SIZE; j++) {
            u32 changed = before + (a[i] != b[j]);
            before = row[j + 1];
            row[j + 1] = least(changed, least(row[j], before) + 1);
        }
    }
    return row[SIZE];
}

int main(int argc, char **argv)
{
    u32 rounds = argc > 1 ? number(argv[1]) : 10;
    u32 seed = 23, sum = 0;
    for (u32 i = 0; i < 16; i++)
        for (u32 j = 0; j < SIZE; j++)
            words[i][j] = 'a' + ((seed = seed * 1103515245 + 12345) >> 16) % 4;
    while (rounds--) {
        words[rounds & 15][rounds / 16 % SIZE] ^= 1;
        sum = sum * 3 + distance(words[rounds & 15], words[rounds / 3 & 15]);
    }
    print("levenshtein %x\n", sum);
    return 0;
}
