/* Floating point of double precision: the planets, with divisions and roots. */
#include "guest.h"

enum { BODIES = 5 };
typedef struct {
    double x, y, z, vx, vy, vz, mass;
} body;

static body bodies[BODIES] = {
    {0, 0, 0, 0, 0, 0, 39.5},
    {4.84, -1.16, -0.10, 0.61, 2.81, -0.02, 0.038},
    {8.34, 4.12, -0.40, -1.01, 1.82, 0.01, 0.011},
    {12.9, -15.1, -0.22, 1.08, 0.87, -0.01, 0.0017},
    {15.4, -25.9, 0.18, 0.98, 0.59, -0.03, 0.0020},
};

__attribute__((noinline)) static void advance(double time)
{
    for (body *a = bodies; a < bodies + BODIES; a++)
        for (body *b = a + 1; b < bodies + BODIES; b++) {
            double x = a->x - b->x, y = a->y - b->y, z = a->z - b->z;
            double square = x * x + y * y + z * z;
            double pull = time / (square * __builtin_sqrt(square));
            a->vx -= x * b->mass * pull, b->vx += x * a->mass * pull;
            a->vy -= y * b->mass * pull, b->vy += y * a->mass * pull;
            a->vz -= z * b->mass * pull, b->vz += z * a->mass * pull;
        }
    for (body *a = bodies; a < bodies + BODIES; a++)
        a->x += time * a->vx, a->y += time * a->vy, a->z += time * a->vz;
}

int main(int argc, char **argv)
{
    u32 rounds = argc > 1 ? number(argv[1]) : 100;
    while (rounds--)
        advance(0.01);
    for (const body *a = bodies; a < bodies + BODIES; a++)
        print("fp_nbody %d %d %d\n", (int)(a->x * 1e6), (int)(a->y * 1e6), (int)(a->z * 1e6));
    return 0;
}
