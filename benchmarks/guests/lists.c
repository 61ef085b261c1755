/* Pointers and a state machine: build, reverse, merge-sort and scan linked lists. */
#include "guest.h"

typedef struct node {
    struct node *next;
    u32 value;
} node;

enum { COUNT = 4096 };
static node nodes[COUNT];

static node *merge(node *a, node *b)
{
    node head, *end = &head;
    while (a && b) {
        node **low = a->value <= b->value ? &a : &b;
        end = end->next = *low;
        *low = (*low)->next;
    }
    end->next = a ? a : b;
    return head.next;
}

__attribute__((noinline)) static node *sort(node *list)
{
    if (!list || !list->next)
        return list;
    node *slow = list;
    for (node *fast = list->next; fast && fast->next; fast = fast->next->next)
        slow = slow->next;
    node *second = slow->next;
    slow->next = 0;
    return merge(sort(list), sort(second));
}

__attribute__((noinline)) static node *reverse(node *list)
{
    node *done = 0;
    while (list) {
        node *next = list->next;
        list->next = done;
        done = list;
        list = next;
    }
    return done;
}

/* How often the low bits spell 1, 0, 1, 1. */
__attribute__((noinline)) static u32 scan(const node *list)
{
    enum { START, ONE, ONE_ZERO, ONE_ZERO_ONE } state = START;
    u32 found = 0;
    for (; list; list = list->next) {
        u32 bit = list->value >> 5 & 1;
        switch (state) {
        case START: state = bit ? ONE : START; break;
        case ONE: state = bit ? ONE : ONE_ZERO; break;
        case ONE_ZERO: state = bit ? ONE_ZERO_ONE : START; break;
        case ONE_ZERO_ONE:
            found += bit;
            state = bit ? ONE : ONE_ZERO;
            break;
        }
    }
    return found;
}

int main(int argc, char **argv)
{
    u32 rounds = argc > 1 ? number(argv[1]) : 10;
    u32 seed = 7, sum = 0;
    while (rounds--) {
        for (u32 i = 0; i < COUNT; i++) {
            nodes[i].value = seed = seed * 1103515245 + 12345;
            nodes[i].next = i + 1 < COUNT ? &nodes[i + 1] : 0;
        }
        node *list = nodes;
        sum += scan(list) * 3;
        list = reverse(list);
        sum += scan(list) * 5;
        list = sort(list);
        sum = sum * 7 + scan(list) + list->value;
    }
    print("lists %x\n", sum);
    return 0;
}
