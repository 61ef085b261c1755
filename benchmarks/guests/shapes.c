/* Calls through pointers: virtual functions of objects of five classes in mixed order. */
#include "guest.h"

typedef struct shape shape;
typedef struct {
    u32 (*area)(const shape *);
    void (*grow)(shape *, u32);
} class;
struct shape {
    const class *class;
    u32 a, b;
};

static u32 square_area(const shape *s) { return s->a * s->a; }
static u32 box_area(const shape *s) { return s->a * s->b; }
static u32 ring_area(const shape *s) { return 3 * (s->a * s->a - s->b * s->b); }
static u32 triangle_area(const shape *s) { return s->a * s->b >> 1; }
static u32 point_area(const shape *s) { return s->a ^ s->b; }
static void grow_a(shape *s, u32 by) { s->a = (s->a + by) & 1023; }
static void grow_b(shape *s, u32 by) { s->b = (s->b ^ by) & 1023; }
static void grow_both(shape *s, u32 by) { s->a = (s->a + 1) & 1023, s->b = (s->b + by) & 1023; }

static const class classes[] = {{square_area, grow_a}, {box_area, grow_both}, {ring_area, grow_b},
                                {triangle_area, grow_both}, {point_area, grow_a}};
enum { COUNT = 1024 };
static shape shapes[COUNT];

int main(int argc, char **argv)
{
    u32 rounds = argc > 1 ? number(argv[1]) : 10;
    u32 seed = 3, sum = 0;
    for (u32 i = 0; i < COUNT; i++) {
        seed = seed * 1103515245 + 12345;
        shapes[i] = (shape){&classes[(seed >> 16) % 5], seed >> 8 & 255, seed >> 24};
    }
    while (rounds--)
        for (shape *s = shapes; s < shapes + COUNT; s++) {
            s->class->grow(s, sum & 7);
            sum += s->class->area(s);
        }
    print("shapes %x\n", sum);
    return 0;
}
