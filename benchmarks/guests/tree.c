/* Pointers and an allocator: a binary search tree whose nodes come from a free list. */
#include "guest.h"

typedef struct node {
    struct node *left, *right;
    u32 key;
} node;

enum { COUNT = 1 << 12 };
static node pool[COUNT], *spare;

static node *take(u32 key)
{
    node *made = spare;
    spare = made->right;
    *made = (node){0, 0, key};
    return made;
}

__attribute__((noinline)) static void insert(node **at, u32 key)
{
    while (*at)
        at = key < (*at)->key ? &(*at)->left : &(*at)->right;
    *at = take(key);
}

/* Frees a tree from the leaves on; returns a sum that depends on its shape. */
__attribute__((noinline)) static u32 release(node *tree, u32 depth)
{
    if (!tree)
        return depth;
    u32 sum = release(tree->left, depth + 1) * 3 + release(tree->right, depth + 1) + tree->key;
    tree->right = spare;
    spare = tree;
    return sum;
}

int main(int argc, char **argv)
{
    u32 rounds = argc > 1 ? number(argv[1]) : 1;
    u32 seed = 9, sum = 0;
    for (u32 i = 0; i < COUNT; i++)
        pool[i].right = spare, spare = &pool[i];
    while (rounds--) {
        node *root = 0;
        for (u32 i = 0; i < COUNT; i++)
            insert(&root, (seed = seed * 1103515245 + 12345) >> 4);
        sum = sum * 5 + release(root, 0);
    }
    print("tree %x\n", sum);
    return 0;
}
