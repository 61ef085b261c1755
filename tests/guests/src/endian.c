/* Big-endian data (setend be): every load and store, calls and returns, system calls, signals. */
#include "guest.h"

enum { SIGUSR1 = 10, SA_SIGINFO = 4, SA_RESTORER = 0x04000000 };
enum { CONTEXT_CPSR = 8 + 16, E = 9 };

static u32 m[8] __attribute__((aligned(8)));
static volatile u32 in_handler, in_frame;

__attribute__((naked)) static void restore(void)
{
    __asm__("mov r7, #173\n\tswi 0");
}

static void handler(int signal, void *info, u32 *context)
{
    u32 status;
    (void)signal, (void)info;
    __asm__ volatile("mrs %0, cpsr" : "=r"(status));
    in_handler = status >> E & 1;
    in_frame = context[CONTEXT_CPSR] >> E & 1;
}

static void fill(void)
{
    for (int k = 0; k < 8; k++)
        m[k] = 0x11223344 + 0x01010101 * k;
}

static void show(const char *name)
{
    print("%s", name);
    for (int k = 0; k < 4; k++)
        print(" %x", m[k]);
    print("\n");
    fill();
}

#define BE(code) \
    __asm__ volatile(".arch armv7-a\n\tsetend be\n\t" code "\n\tsetend le" \
                     : "+r"(a), "+r"(b) : "r"(m) \
                     : "memory", "cc", "r4", "r5", "r6", "r7", "lr")
#define LOADS(name, code) do { BE(code); print("%s %x %x\n", name, a, b); } while (0)
#define STORES(name, code) do { a = 0xa1b2c3d4; b = 0x01020304; BE(code); show(name); } while (0)

int main(void)
{
    struct { void *handler; u32 flags; void *restorer; u32 mask[2]; } action = {
        (void *)handler, SA_SIGINFO | SA_RESTORER, (void *)restore, {0, 0}};
    u32 a = 0, b = 0;
    syscall6(SYS_rt_sigaction, SIGUSR1, (long)&action, 0, 8, 0, 0);
    fill();
    LOADS("ldr", "ldr %0, [%2]\n\tldr %1, [%2, #1]");
    LOADS("ldrh", "ldrh %0, [%2]\n\tldrsh %1, [%2, #3]");
    LOADS("ldrb", "ldrb %0, [%2]\n\tldrsb %1, [%2, #3]");
    LOADS("ldrd", "ldrd r4, r5, [%2]\n\tmov %0, r4\n\tmov %1, r5");
    LOADS("ldm", "ldm %2, {r4, r5, r6, r7}\n\tmov %0, r5\n\tmov %1, r7");
    LOADS("ldrex", "ldrex %0, [%2]\n\tstrex %1, %0, [%2]");
    LOADS("ldrexh", "ldrexh %0, [%2]\n\tstrexh %1, %0, [%2]");
    LOADS("ldrexd", "ldrexd r4, r5, [%2]\n\tstrexd %1, r4, r5, [%2]\n\tmov %0, r5");
    show("same");
    STORES("str", "str %0, [%2]\n\tstr %1, [%2, #5]");
    STORES("strh", "strh %0, [%2]\n\tstrb %1, [%2, #2]");
    STORES("strd", "mov r4, %0\n\tmov r5, %1\n\tstrd r4, r5, [%2]");
    STORES("stm", "mov r4, %0\n\tmov r5, %1\n\tmov r6, %2\n\tstmia r6!, {r4, r5}\n\tstmdb r6, {r5}");
    STORES("strex", "ldrex r4, [%2]\n\tstrex r4, %0, [%2]");
    STORES("strexd", "mov r6, %0\n\tmov r7, %1\n\tldrexd r4, r5, [%2]\n\tstrexd r4, r6, r7, [%2]");
    LOADS("calls", "bl 1f\n\tb 2f\n1:\tldr %0, [%2]\n\tmov pc, lr\n2:\tadr r4, 3f\n\tmov lr, pc\n\t"
                   "bx r4\n\tb 4f\n3:\tldr %1, [%2]\n\tbx lr\n4:\tpush {r4}\n\tpop {r4}");
    LOADS("condition", "cmp %0, %0\n\tldrne %0, [%2]\n\tldreq %1, [%2, #4]");
    LOADS("swi", "mov r4, r0\n\tmov r7, #20\n\tswi 0\n\tmov r0, r4\n\tmrs r5, cpsr\n\t"
                 "ldr r6, [%2]\n\tand %0, r5, #0x200\n\tmov %1, r6");
    LOADS("signal", "mov r4, r0\n\tmov r5, r1\n\tmov r7, #20\n\tswi 0\n\tmov r1, #10\n\t"
                    "mov r7, #37\n\tswi 0\n\tmov r0, r4\n\tmov r1, r5\n\tmrs r6, cpsr\n\t"
                    "ldr r7, [%2]\n\tand %0, r6, #0x200\n\tmov %1, r7");
    print("handler %u frame %u\n", in_handler, in_frame);
    return 0;
}
