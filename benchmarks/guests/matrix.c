/* A triple loop over memory: integer matrix multiplication. */
#include "guest.h"

enum { N = 64 };
static u32 a[N][N], b[N][N], c[N][N];

__attribute__((noinline)) static void multiply(void)
{
    for (u32 i = 0; i < N; i++)
        for (u32 j = 0; j < N; j++) {
            u32 sum = 0;
            for (u32 k = 0; k < N; k++)
                sum += a[i][k] * b[k][j];
            c[i][j] = sum;
        }
}

int main(int argc, char **argv)
{
    u32 rounds = argc > 1 ? number(argv[1]) : 1;
    for (u32 i = 0; i < N; i++)
        for (u32 j = 0; j < N; j++)
            a[i][j] = i * 3 + j, b[i][j] = i ^ (j * 5);
    u32 sum = 0;
    while (rounds--) {
        multiply();
        sum = sum * 31 + c[rounds % N][(rounds * 7) % N];
        a[rounds % N][0] = sum;
    }
    print("matrix %x\n", sum);
    return 0;
}
