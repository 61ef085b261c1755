/* A graph and a priority queue: the shortest ways from one node to all. */
#include "guest.h"

enum { NODES = 1024, EDGES = 4, HEAP = NODES * EDGES, FAR = 0xffffffff };
static u16 goals[NODES][EDGES];
static u16 costs[NODES][EDGES];
static u32 distances[NODES], heap[HEAP], used;

/* Entries are the distance and, in the low ten bits, the node. */
__attribute__((noinline)) static void push(u32 entry)
{
    u32 at = used++;
    for (; at && heap[(at - 1) / 2] > entry; at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = entry;
}

__attribute__((noinline)) static u32 pop(void)
{
    u32 least = heap[0], last = heap[--used], at = 0;
    for (u32 child; (child = 2 * at + 1) < used; at = child) {
        if (child + 1 < used && heap[child + 1] < heap[child])
            child++;
        if (heap[child] >= last)
            break;
        heap[at] = heap[child];
    }
    heap[at] = last;
    return least;
}

__attribute__((noinline)) static void walk(u32 start)
{
    for (u32 i = 0; i < NODES; i++)
        distances[i] = FAR;
    distances[start] = 0;
    push(start);
    while (used) {
        u32 entry = pop(), node = entry % NODES, distance = entry / NODES;
        if (distance > distances[node])
            continue;
        for (u32 i = 0; i < EDGES; i++) {
            u32 goal = goals[node][i], longer = distance + costs[node][i];
            if (longer < distances[goal]) {
                distances[goal] = longer;
                push(longer * NODES + goal);
            }
        }
    }
}

int main(int argc, char **argv)
{
    u32 rounds = argc > 1 ? number(argv[1]) : 1;
    u32 seed = 31, sum = 0;
    for (u32 i = 0; i < NODES; i++)
        for (u32 j = 0; j < EDGES; j++) {
            seed = seed * 1103515245 + 12345;
            goals[i][j] = j ? (seed >> 16) % NODES : (i + 1) % NODES;
            costs[i][j] = 1 + (seed >> 8 & 255);
        }
    while (rounds--) {
        walk(rounds % NODES);
        for (u32 i = 0; i < NODES; i += 32)
            sum = sum * 3 + distances[i];
    }
    print("dijkstra %x\n", sum);
    return 0;
}
