/* Divisions and conversions of integers: the spectral norm of an infinite matrix's corner. */
#include "guest.h"

enum { N = 100 };
static double u[N], v[N], w[N];

static inline double element(u32 i, u32 j)
{
    return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1);
}

__attribute__((noinline)) static void multiply(const double *from, double *to)
{
    for (u32 i = 0; i < N; i++) {
        double sum = 0;
        for (u32 j = 0; j < N; j++)
            sum += element(i, j) * from[j];
        to[i] = sum;
    }
}

__attribute__((noinline)) static void multiply_transposed(const double *from, double *to)
{
    for (u32 i = 0; i < N; i++) {
        double sum = 0;
        for (u32 j = 0; j < N; j++)
            sum += element(j, i) * from[j];
        to[i] = sum;
    }
}

int main(int argc, char **argv)
{
    u32 rounds = argc > 1 ? number(argv[1]) : 10;
    for (u32 i = 0; i < N; i++)
        u[i] = 1;
    while (rounds--) {
        multiply(u, w);
        multiply_transposed(w, v);
        multiply(v, w);
        multiply_transposed(w, u);
        double scale = 1 / u[0];
        for (u32 i = 0; i < N; i++)
            u[i] *= scale, v[i] *= scale;
    }
    double uv = 0, vv = 0;
    for (u32 i = 0; i < N; i++)
        uv += u[i] * v[i], vv += v[i] * v[i];
    print("fp_spectral %d\n", (int)(__builtin_sqrt(uv / vv) * 1e9));
    return 0;
}
