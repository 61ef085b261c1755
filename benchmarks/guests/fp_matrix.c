/* Floating point of single precision over memory: matrix multiplication. */
#include "guest.h"

enum { N = 64 };
static float a[N][N], b[N][N], c[N][N];

__attribute__((noinline)) static void multiply(void)
{
    for (u32 i = 0; i < N; i++)
        for (u32 j = 0; j < N; j++)
            c[i][j] = 0;
    for (u32 i = 0; i < N; i++)
        for (u32 k = 0; k < N; k++) {
            float factor = a[i][k];
            for (u32 j = 0; j < N; j++)
                c[i][j] += factor * b[k][j];
        }
}

int main(int argc, char **argv)
{
    u32 rounds = argc > 1 ? number(argv[1]) : 1;
    for (u32 i = 0; i < N; i++)
        for (u32 j = 0; j < N; j++)
            a[i][j] = 1 / (float)(i * 3 + j + 1), b[i][j] = (float)(i ^ (j * 5)) / 7;
    float sum = 0;
    while (rounds--) {
        multiply();
        sum = sum / 3 + c[rounds % N][(rounds * 7) % N];
        a[rounds % N][0] = 1 / (1 + sum * sum);
    }
    print("fp_matrix %d\n", (int)(sum * 1e6f));
    return 0;
}
