/* What ARMv8 adds, through the compiler's own intrinsics: prints what each computes. */
#include <arm_acle.h>
#include <arm_neon.h>
#include <stdatomic.h>
#include <stdint.h>

#include "guest.h"

static void show(const char *name, const void *data, unsigned size) {
    print("%s", name);
    for (unsigned i = 0; i < size; i++)
        print(" %x", ((const uint8_t *)data)[i]);
    print("\n");
}

#define SHOW(x)                      \
    do {                             \
        __auto_type v_ = (x);        \
        show(#x, &v_, sizeof v_);    \
    } while (0)

static atomic_int counter;
static atomic_llong wide;
static atomic_char narrow;

static void atomics(void) {
    for (int i = 0; i < 100; i++) {
        atomic_fetch_add(&counter, i);
        atomic_fetch_add(&wide, 0x123456789LL * i);
        atomic_fetch_add(&narrow, 3);
    }
    atomic_store(&counter, atomic_load(&counter) + 1);
    SHOW((int)counter);
    SHOW((long long)wide);
    SHOW((char)narrow);
}

static void ciphers(void) {
    uint8x16_t state, key;
    for (int i = 0; i < 16; i++)
        state[i] = i * 17, key[i] = i * 29 + 3;
    for (int i = 0; i < 1000; i++) {
        state = vaesmcq_u8(vaeseq_u8(state, key));
        key = vaesimcq_u8(vaesdq_u8(key, state));
    }
    SHOW(state);
    SHOW(key);
    uint32x4_t a = vreinterpretq_u32_u8(state), b = vreinterpretq_u32_u8(key), c = a + b;
    for (int i = 0; i < 1000; i++) {
        uint32x4_t t = vsha256hq_u32(a, b, c);
        b = vsha256h2q_u32(b, a, c);
        a = t;
        c = vsha256su1q_u32(vsha256su0q_u32(c, a), b, c);
    }
    SHOW(a);
    SHOW(b);
    uint32_t e = 5;
    for (int i = 0; i < 1000; i++) {
        uint32_t next = vsha1h_u32(a[0]);
        a = i % 3 == 0   ? vsha1cq_u32(a, e, c)
            : i % 3 == 1 ? vsha1pq_u32(a, e, c)
                         : vsha1mq_u32(a, e, c);
        e = next;
        c = vsha1su1q_u32(vsha1su0q_u32(c, a, b), a);
    }
    SHOW(a);
    SHOW(c);
    poly64_t p = 0x123456789abcdef1ULL;
    for (int i = 0; i < 1000; i++) {
        poly128_t r = vmull_p64(p, 0xc2000000000000e1ULL);
        uint64x2_t halves = vreinterpretq_u64_p128(r);
        p = vgetq_lane_u64(halves, 0) ^ vgetq_lane_u64(halves, 1);
    }
    SHOW(p);
}

static void checksums(void) {
    uint32_t a = ~0u, b = ~0u;
    for (unsigned i = 0; i < 5000; i++) {
        a = __crc32w(__crc32h(__crc32b(a, i), i * 77), i * 0x9e3779b9u);
        b = __crc32cw(__crc32ch(__crc32cb(b, i), i * 77), i * 0x9e3779b9u);
    }
    SHOW(a);
    SHOW(b);
}

static void numbers(void) {
    static const double values[] = {
        0.5, -0.5, 1.5, 2.5, -2.5, 1e300, -0.0, 0.49999999999999994, 1e-310,
        __builtin_nan(""), __builtin_inf(), -7.75,
    };
    for (unsigned i = 0; i < sizeof values / sizeof *values; i++) {
        volatile double x = values[i], y = values[(i * 7 + 3) % 12];
        SHOW(__builtin_floor(x));
        SHOW(__builtin_ceil(x));
        SHOW(__builtin_trunc(x));
        SHOW(__builtin_round(x));
        SHOW(__builtin_rint(x));
        SHOW(__builtin_nearbyint(x));
        SHOW(x > y ? x : y);
        double most, least;
        __asm__ volatile("vmaxnm.f64 %P0, %P2, %P3\n\tvminnm.f64 %P1, %P2, %P3"
                         : "=&w"(most), "=&w"(least) : "w"(x), "w"(y));
        SHOW(most);
        SHOW(least);
        float32x4_t v = {(float)x, (float)y, -(float)x, (float)x * 3};
        SHOW(vrndaq_f32(v));
        SHOW(vrndnq_f32(v));
        SHOW(vrndq_f32(v));
        SHOW(vrndxq_f32(v));
        int32x4_t nearest;
        uint32x4_t below;
        __asm__ volatile("vcvta.s32.f32 %q0, %q2\n\tvcvtm.u32.f32 %q1, %q2"
                         : "=&w"(nearest), "=&w"(below) : "w"(v));
        SHOW(nearest);
        SHOW(below);
        SHOW(vmaxnmq_f32(v, vextq_f32(v, v, 1)));
        float f = y;
        int32_t to;
        __asm__ volatile("vcvta.s32.f64 s0, %P1\n\tvmov %0, s0" : "=r"(to) : "w"(x) : "s0");
        SHOW(to);
        uint32_t half;
        __asm__ volatile("vcvtb.f16.f64 s0, %P1\n\tvcvtt.f16.f64 s0, %P2\n\tvmov %0, s0"
                         : "=r"(half) : "w"(x), "w"((double)f) : "s0");
        SHOW(half);
        uint32_t status;
        __asm__ volatile("vmrs %0, fpscr" : "=r"(status));
        SHOW(status);
    }
}

int main(void) {
    atomics();
    checksums();
    ciphers();
    numbers();
    return 0;
}
