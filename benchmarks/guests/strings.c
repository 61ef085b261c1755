/* Bytes one by one: lengths, copies, comparisons and searches of texts. */
#include "guest.h"

enum { COUNT = 64, SIZE = 96 };
static char texts[COUNT][SIZE], copy[SIZE];

__attribute__((noinline)) static u32 size_of(const char *s)
{
    const char *end = s;
    while (*end)
        end++;
    return end - s;
}

__attribute__((noinline)) static void copy_to(char *to, const char *from)
{
    while ((*to++ = *from++))
        ;
}

__attribute__((noinline)) static int compare(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (int)(u8)*a - (int)(u8)*b;
}

__attribute__((noinline)) static const char *find(const char *text, const char *word)
{
    for (; *text; text++) {
        const char *a = text, *b = word;
        while (*b && *a == *b)
            a++, b++;
        if (!*b)
            return text;
    }
    return 0;
}

__attribute__((noinline)) static void move_words(u32 *to, const u32 *from, u32 n)
{
    while (n--)
        *to++ = *from++;
}

int main(int argc, char **argv)
{
    u32 rounds = argc > 1 ? number(argv[1]) : 10;
    u32 seed = 11, sum = 0;
    static u32 words[SIZE];
    for (u32 i = 0; i < COUNT; i++)
        for (u32 j = 0, size = 20 + i; j < size; j++) {
            seed = seed * 1103515245 + 12345;
            texts[i][j] = 'a' + (seed >> 16) % (j < 10 ? 1 : 3);
        }
    while (rounds--)
        for (u32 i = 0; i < COUNT; i++) {
            const char *text = texts[i], *found = find(text, "bca");
            copy_to(copy, text);
            copy[rounds % 20] = 'a' + rounds % 3;
            sum += size_of(copy) + (found ? found - text : 100);
            sum = sum * 3 + (compare(copy, texts[(i + rounds) % COUNT]) < 0);
            move_words(words, words + SIZE / 2, SIZE / 2);
            words[SIZE - 1] = sum;
        }
    print("strings %x %x\n", sum, words[SIZE / 2 - 1]);
    return 0;
}
