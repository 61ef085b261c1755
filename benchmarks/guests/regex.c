/* A matcher of regular expressions: all states of Thompson's automaton at once. */
#include "guest.h"

enum { MATCH = 256, SPLIT = 257, ANY = 258, STATES = 64, SIZE = 512 };
static struct {
    u16 kind, next, other;
} states[STATES];
static u32 count, seen[STATES], mark;
static u16 list[2][STATES];
static u32 sizes[2];

static u32 state(u32 kind, u32 next, u32 other)
{
    states[count].kind = kind, states[count].next = next, states[count].other = other;
    return count++;
}

/* Compiles from the end: a letter, ``.`` for any, each may be followed by ``*`` or ``?``. */
static u32 compile(const char *pattern)
{
    u32 next = (count = 0, state(MATCH, 0, 0));
    for (u32 at = length(pattern); at--;) {
        u32 after = pattern[at];
        if (after == '*' || after == '?')
            at--;
        u32 kind = pattern[at] == '.' ? ANY : (u8)pattern[at];
        if (after == '*') {
            u32 split = state(SPLIT, 0, next);
            states[split].next = state(kind, split, 0);
            next = split;
        } else {
            u32 one = state(kind, next, 0);
            next = after == '?' ? state(SPLIT, one, next) : one;
        }
    }
    return next;
}

static void add(u32 which, u32 at)
{
    if (seen[at] == mark)
        return;
    seen[at] = mark;
    if (states[at].kind == SPLIT) {
        add(which, states[at].next);
        add(which, states[at].other);
    } else {
        list[which][sizes[which]++] = at;
    }
}

/* The number of places where a match ends. */
__attribute__((noinline)) static u32 search(u32 start, const char *text)
{
    u32 now = 0, found = 0;
    sizes[0] = sizes[1] = 0;
    mark++;
    add(now, start);
    for (; *text; text++, now ^= 1) {
        sizes[now ^ 1] = 0;
        mark++;
        for (u32 i = 0; i < sizes[now]; i++) {
            u32 at = list[now][i], kind = states[at].kind;
            if (kind == (u8)*text || kind == ANY)
                add(now ^ 1, states[at].next);
            found += kind == MATCH;
        }
        add(now ^ 1, start);
    }
    return found;
}

int main(int argc, char **argv)
{
    static const char *const patterns[] = {"ab*c", "a.*b.*c", "a?a?a?a?aaaa", "c.b*a?c", "aabb"};
    static char text[SIZE + 1];
    u32 rounds = argc > 1 ? number(argv[1]) : 1;
    u32 seed = 17, sum = 0;
    while (rounds--) {
        for (u32 i = 0; i < SIZE; i++)
            text[i] = 'a' + ((seed = seed * 1103515245 + 12345) >> 16) % 3;
        for (u32 i = 0; i < sizeof patterns / sizeof *patterns; i++)
            sum = sum * 3 + search(compile(patterns[i]), text);
    }
    print("regex %x\n", sum);
    return 0;
}
