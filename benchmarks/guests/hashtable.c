/* Loads from anywhere: a hash table with open addresses; words come, are found and go. */
#include "guest.h"

enum { SLOTS = 1 << 14, KEYS = 1 << 12 };
static struct {
    u32 key, value;
} slots[SLOTS];

static inline u32 home(u32 key)
{
    key = (key ^ key >> 15) * 0x2c1b3c6d;
    return (key ^ key >> 12) % SLOTS;
}

__attribute__((noinline)) static u32 *lookup(u32 key)
{
    u32 at = home(key);
    while (slots[at].key && slots[at].key != key)
        at = (at + 1) % SLOTS;
    slots[at].key = key;
    return &slots[at].value;
}

__attribute__((noinline)) static void drop(u32 key)
{
    u32 hole = home(key);
    while (slots[hole].key != key)
        hole = (hole + 1) % SLOTS;
    for (u32 at = (hole + 1) % SLOTS; slots[at].key; at = (at + 1) % SLOTS)
        if ((at - home(slots[at].key)) % SLOTS >= (at - hole) % SLOTS) {
            slots[hole] = slots[at];
            hole = at;
        }
    slots[hole].key = slots[hole].value = 0;
}

int main(int argc, char **argv)
{
    u32 rounds = argc > 1 ? number(argv[1]) : 1;
    u32 sum = 0;
    for (u32 round = 0; round < rounds; round++) {
        for (u32 i = 1; i <= KEYS; i++)
            *lookup(i * 2654435761u) += i + round;
        for (u32 i = 1; i <= KEYS; i += 3)
            sum = sum * 3 + *lookup(i * 2654435761u);
        for (u32 i = 1 + round % 2; i <= KEYS; i += 2)
            drop(i * 2654435761u);
    }
    print("hashtable %x\n", sum);
    return 0;
}
