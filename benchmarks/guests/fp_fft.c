/* Butterflies in single precision: Fourier transforms there and back. */
#include "guest.h"

enum { BITS = 10, N = 1 << BITS };
static float re[N], im[N], cosines[N / 2], sines[N / 2];

/* The roots of unity, by multiplying the first, in double precision. */
static void prepare(void)
{
    double c = 1, s = 0;
    const double angle = 6.283185307179586 / N, square = angle * angle;
    const double step_c = 1 - square / 2 + square * square / 24;
    const double step_s = angle * (1 - square / 6 + square * square / 120);
    for (u32 i = 0; i < N / 2; i++) {
        cosines[i] = (float)c, sines[i] = (float)s;
        double next = c * step_c - s * step_s;
        s = s * step_c + c * step_s, c = next;
    }
}

static void swap(float *a, float *b)
{
    float kept = *a;
    *a = *b, *b = kept;
}

__attribute__((noinline)) static void transform(float sign)
{
    for (u32 i = 0, j = 0; i < N; i++) {
        if (i < j)
            swap(&re[i], &re[j]), swap(&im[i], &im[j]);
        u32 bit = N >> 1;
        for (; j & bit; bit >>= 1)
            j ^= bit;
        j |= bit;
    }
    for (u32 half = 1, step = N / 2; half < N; half *= 2, step /= 2)
        for (u32 start = 0; start < N; start += 2 * half)
            for (u32 k = 0; k < half; k++) {
                u32 low = start + k, high = low + half;
                float c = cosines[k * step], s = sines[k * step] * sign;
                float x = re[high] * c - im[high] * s, y = re[high] * s + im[high] * c;
                re[high] = re[low] - x, im[high] = im[low] - y;
                re[low] += x, im[low] += y;
            }
}

int main(int argc, char **argv)
{
    u32 rounds = argc > 1 ? number(argv[1]) : 1;
    prepare();
    for (u32 i = 0; i < N; i++)
        re[i] = (float)(i * 7 % 31) / 3, im[i] = (float)(i * 5 % 17) / 7;
    while (rounds--) {
        transform(1);
        for (u32 i = 0; i < N; i++)
            re[i] *= 1.0f / N, im[i] *= 1.0f / N;
        transform(-1);
    }
    float sum = 0;
    for (u32 i = 0; i < N; i++)
        sum += re[i] * re[i] + im[i] * im[i];
    print("fp_fft %d\n", (int)(sum * 100));
    return 0;
}
