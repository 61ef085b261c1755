/* Advanced SIMD: the kernels that programs have, written with intrinsics, in ARM code and in Thumb
 * code. Prints checksums of what they make. */
#include "guest.h"
#include <arm_neon.h>

#define THUMB __attribute__((target("thumb"), noinline))
#define ARM __attribute__((noinline))
#define BOTH(type, name, parameters, ...)                                                          \
    ARM static type name parameters __VA_ARGS__                                                    \
    THUMB static type name##_in_thumb parameters __VA_ARGS__
enum { SIZE = 384 };

static u8 bytes[SIZE] __attribute__((aligned(32)));
static u8 made[SIZE] __attribute__((aligned(32)));
static short samples[SIZE / 2], mixed[SIZE / 2];
static float numbers[64], product[64];

static u32 sum_of(const void *data, u32 size)
{
    const u8 *at = data;
    u32 sum = 5381;
    for (u32 i = 0; i < size; i++)
        sum = sum * 33 ^ at[i];
    return sum;
}

static void fill(void)
{
    u32 seed = 12345;
    for (u32 i = 0; i < SIZE; i++) {
        seed = seed * 1103515245 + 12345;
        bytes[i] = (u8)(seed >> 16);
        if (i % 2 == 0)
            samples[i / 2] = (short)(seed >> 8);
        if (i < 64)
            numbers[i] = (float)(int)(seed >> 20) / 64.0f - 31.0f;
    }
}

/* Pixels of three bytes to gray. */
BOTH(void, gray, (const u8 *from, u8 *to, u32 pixels), {
    const uint8x8_t red = vdup_n_u8(77), green = vdup_n_u8(150), blue = vdup_n_u8(29);
    for (u32 i = 0; i < pixels; i += 8) {
        uint8x8x3_t pixel = vld3_u8(from + 3 * i);
        uint16x8_t total = vmull_u8(pixel.val[0], red);
        total = vmlal_u8(total, pixel.val[1], green);
        total = vmlal_u8(total, pixel.val[2], blue);
        vst1_u8(to + i, vshrn_n_u16(total, 8));
    }
})

/* Four planes from bytes that alternate, and back with the first and the last exchanged. */
BOTH(void, planes, (const u8 *from, u8 *to, u32 size), {
    for (u32 i = 0; i + 64 <= size; i += 64) {
        uint8x16x4_t plane = vld4q_u8(from + i);
        uint8x16_t last = plane.val[3];
        plane.val[3] = vrev64q_u8(plane.val[0]);
        plane.val[0] = vextq_u8(last, plane.val[1], 5);
        vst4q_u8(to + i, plane);
    }
})

/* Two signals, one of them softer; sums saturate. */
BOTH(void, mix, (const short *from, short *to, u32 count), {
    for (u32 i = 0; i < count; i += 8) {
        int16x8_t loud = vld1q_s16(from + i), other = vld1q_s16(from + (i * 7 % count & ~7u));
        int16x8_t soft = vqrdmulhq_n_s16(other, 0x3456);
        int16x8_t sum = vqaddq_s16(loud, vshlq_s16(soft, vdupq_n_s16(1)));
        vst1q_s16(to + i, vqsubq_s16(sum, vqnegq_s16(vabsq_s16(vhaddq_s16(loud, other)))));
    }
})

/* A product of two matrices of 4 by 4. */
BOTH(void, multiply, (const float *a, const float *b, float *to), {
    for (u32 i = 0; i < 4; i++) {
        float32x4_t row = vld1q_f32(a + 4 * i);
        float32x4_t sum = vmulq_lane_f32(vld1q_f32(b), vget_low_f32(row), 0);
        sum = vmlaq_lane_f32(sum, vld1q_f32(b + 4), vget_low_f32(row), 1);
        sum = vmlaq_lane_f32(sum, vld1q_f32(b + 8), vget_high_f32(row), 0);
        sum = vmlsq_lane_f32(sum, vld1q_f32(b + 12), vget_high_f32(row), 1);
        vst1q_f32(to + 4 * i, sum);
    }
})

/* 1 / sqrt(x), by an estimate and two steps; where x is negative, its rounded absolute value. */
BOTH(void, invert, (const float *from, float *to, u32 count), {
    for (u32 i = 0; i < count; i += 4) {
        float32x4_t x = vld1q_f32(from + i), positive = vmaxq_f32(x, vdupq_n_f32(0.125f));
        float32x4_t guess = vrsqrteq_f32(positive);
        for (u32 step = 0; step < 2; step++)
            guess = vmulq_f32(guess, vrsqrtsq_f32(vmulq_f32(positive, guess), guess));
        float32x4_t whole = vcvtq_f32_s32(vcvtq_s32_f32(vnegq_f32(x)));
        guess = vbslq_f32(vcltq_f32(x, vdupq_n_f32(0)), whole, guess);
        float32x4_t reciprocal = vrecpeq_f32(positive);
        reciprocal = vmulq_f32(reciprocal, vrecpsq_f32(positive, reciprocal));
        vst1q_f32(to + i, vaddq_f32(guess, vminq_f32(reciprocal, vabdq_f32(x, guess))));
    }
})

/* Digits of bytes, from a table. */
BOTH(void, hexadecimal, (const u8 *from, u8 *to, u32 size), {
    static const u8 digits[16] = "0123456789abcdef";
    uint8x8x2_t table = { { vld1_u8(digits), vld1_u8(digits + 8) } };
    for (u32 i = 0; i < size; i += 8) {
        uint8x8_t value = vld1_u8(from + i);
        uint8x8x2_t both;
        both.val[0] = vtbl2_u8(table, vshr_n_u8(value, 4));
        both.val[1] = vtbx2_u8(value, table, vand_u8(value, vdup_n_u8(0x1f)));
        vst2_u8(to + 2 * i, both);
    }
})

/* Counts of ones, leading zeros and equal bytes; the least and the greatest. */
BOTH(u32, count, (const u8 *from, u32 size), {
    uint32x4_t total = vdupq_n_u32(0);
    uint8x16_t least = vdupq_n_u8(255), most = vdupq_n_u8(0);
    for (u32 i = 0; i < size; i += 16) {
        uint8x16_t value = vld1q_u8(from + i), next = vld1q_u8(from + (i + 16) % size);
        uint8x16_t ones = vaddq_u8(vcntq_u8(value), vclzq_u8(value));
        ones = vsubq_u8(ones, vceqq_u8(vshrq_n_u8(value, 3), vshrq_n_u8(next, 3)));
        total = vpadalq_u16(total, vpaddlq_u8(ones));
        least = vminq_u8(least, value);
        most = vmaxq_u8(most, veorq_u8(value, next));
    }
    uint8x8_t low = vpmin_u8(vget_low_u8(least), vget_high_u8(most));
    low = vpmin_u8(low, low);
    uint64x2_t halves = vpaddlq_u32(total);
    uint64x1_t both = vadd_u64(vget_low_u64(halves), vget_high_u64(halves));
    return (u32)vget_lane_u64(both, 0) * 0x101 + vget_lane_u8(low, 1) + vgetq_lane_u8(most, 9);
})

/* A transposed square of 8 by 8 bytes, and its lanes one by one. */
BOTH(u32, transpose, (const u8 *from, u8 *to), {
    uint8x8x4_t a = vld4_u8(from), b = vld4_u8(from + 32);
    for (u32 i = 0; i < 4; i++) {
        uint8x8x2_t x = vtrn_u8(a.val[i], b.val[3 - i]);
        uint16x4x2_t y = vzip_u16(vreinterpret_u16_u8(x.val[0]), vreinterpret_u16_u8(x.val[1]));
        uint32x2x2_t z = vuzp_u32(vreinterpret_u32_u16(y.val[1]), vreinterpret_u32_u16(y.val[0]));
        vst1_u32((u32 *)(to + 16 * i), z.val[0]);
        vst1_u32((u32 *)(to + 16 * i + 8), vrev64_u32(z.val[1]));
    }
    uint16x4x3_t lanes = vld3_dup_u16((const u16 *)(to + 6));
    lanes = vld3_lane_u16((const u16 *)(to + 20), lanes, 2);
    vst3_lane_u16((u16 *)(to + 32), lanes, 1);
    return vget_lane_u16(lanes.val[1], 2) + (u32)vget_lane_s16(vreinterpret_s16_u16(lanes.val[2]), 3);
})

/* Sums that a compiler makes vectors of. */
BOTH(u32, dot, (const short *a, const short *b, u32 count), {
    u32 sum = 0;
    for (u32 i = 0; i < count; i++)
        sum += (u32)(a[i] * b[i]) >> 3;
    return sum;
})

#define SHOW(name, ...)                                                                            \
    do {                                                                                           \
        name(__VA_ARGS__);                                                                         \
        u32 sum = sum_of(made, SIZE) ^ sum_of(mixed, sizeof mixed) ^ sum_of(product, sizeof product); \
        name##_in_thumb(__VA_ARGS__);                                                              \
        u32 again = sum_of(made, SIZE) ^ sum_of(mixed, sizeof mixed)                               \
                    ^ sum_of(product, sizeof product);                                             \
        print("%s %x %s\n", #name, sum, sum == again ? "twice" : "DIFFERENT");                     \
    } while (0)

int main(void)
{
    u32 status;
    fill();
    SHOW(gray, bytes, made, SIZE / 3);
    SHOW(planes, bytes, made, SIZE);
    SHOW(mix, samples, mixed, SIZE / 2);
    SHOW(multiply, numbers, numbers + 16, product);
    SHOW(invert, numbers, product, 64);
    SHOW(hexadecimal, bytes, made, SIZE / 2);
    print("count %x %x\n", count(bytes, SIZE), count_in_thumb(bytes, SIZE));
    print("transpose %x", transpose(bytes, made));
    print(" %x %x\n", transpose_in_thumb(bytes, made), sum_of(made, SIZE));
    print("dot %x %x\n", dot(samples, mixed, SIZE / 2), dot_in_thumb(samples, mixed, SIZE / 2));
    __asm__ volatile("vmrs %0, fpscr" : "=r"(status));
    print("status %x\n", status);
    exit(0);
}
