/* Bits: Huffman codes of a text are made, written and read back. */
#include "guest.h"

enum { SIZE = 1 << 12, LETTERS = 32, NODES = 2 * LETTERS };
static u8 text[SIZE], back[SIZE], packed[SIZE];
static u32 weight[NODES], codes[LETTERS];
static u8 left[NODES], right[NODES], sizes[LETTERS];

static u32 lightest(u32 nodes)
{
    u32 best = NODES;
    for (u32 i = 0; i < nodes; i++)
        if (weight[i] && (best == NODES || weight[i] < weight[best]))
            best = i;
    return best;
}

static void number_leaves(u32 at, u32 code, u32 size)
{
    if (at < LETTERS) {
        codes[at] = code;
        sizes[at] = size;
        return;
    }
    number_leaves(left[at], code << 1, size + 1);
    number_leaves(right[at], code << 1 | 1, size + 1);
}

__attribute__((noinline)) static u32 build(void)
{
    u32 nodes = LETTERS;
    for (u32 i = 0; i < LETTERS; i++)
        weight[i] = 1;
    for (u32 i = 0; i < SIZE; i++)
        weight[text[i]]++;
    for (; nodes < NODES - 1; nodes++) {
        u32 a = lightest(nodes), sum = weight[a];
        weight[a] = 0;
        u32 b = lightest(nodes);
        sum += weight[b];
        weight[b] = 0;
        left[nodes] = a, right[nodes] = b, weight[nodes] = sum;
    }
    number_leaves(nodes - 1, 0, 0);
    return nodes - 1;
}

__attribute__((noinline)) static u32 encode(void)
{
    u32 held = 0, bits = 0, used = 0;
    for (u32 i = 0; i < SIZE; i++) {
        held = held << sizes[text[i]] | codes[text[i]];
        for (bits += sizes[text[i]]; bits >= 8; bits -= 8)
            packed[used++] = held >> (bits - 8);
    }
    packed[used] = held << (8 - bits);
    return used;
}

__attribute__((noinline)) static void decode(u32 root)
{
    for (u32 i = 0, at = 0; i < SIZE; i++) {
        u32 node = root;
        for (; node >= LETTERS; at++)
            node = packed[at >> 3] >> (7 - (at & 7)) & 1 ? right[node] : left[node];
        back[i] = node;
    }
}

int main(int argc, char **argv)
{
    u32 rounds = argc > 1 ? number(argv[1]) : 1;
    u32 seed = 13, sum = 0;
    while (rounds--) {
        for (u32 i = 0; i < SIZE; i++) {
            seed = seed * 1103515245 + 12345;
            text[i] = (seed >> 16 & seed >> 20 & seed >> 24) % LETTERS;
        }
        u32 root = build();
        sum = sum * 3 + encode();
        decode(root);
        for (u32 i = 0; i < SIZE; i++)
            sum += back[i] != text[i];
    }
    print("huffman %x\n", sum);
    return 0;
}
