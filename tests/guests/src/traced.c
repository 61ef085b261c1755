/* Calls with every sort of argument, for the comparison of traces: each fails or does no harm, and
 * gives the same result on every machine. */
#include "guest.h"

static char buffer[4096];
static int words[16];

#define CALL(number, a, b, c, d, e, f) \
    syscall6(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define CALL1(number, a) CALL(number, a, 0, 0, 0, 0, 0)
#define CALL2(number, a, b) CALL(number, a, b, 0, 0, 0, 0)
#define CALL3(number, a, b, c) CALL(number, a, b, c, 0, 0, 0)
#define CALL4(number, a, b, c, d) CALL(number, a, b, c, d, 0, 0)

enum { HERE = -100, NO_FD = 99, NOBODY = 0x7ffffff };

static void paths(void)
{
    CALL2(33, "/", 0);
    CALL2(33, "/", 4);
    CALL2(33, "/no", 0x17);
    CALL2(33, 0, 0);
    CALL3(334, HERE, "/", 0);
    CALL4(439, HERE, "/", 4, 0x300);
    CALL2(5, "/no", 0);
    CALL3(5, "/no/such", 0102, 0644);
    CALL3(5, "/no/such", 0102, 0);
    CALL3(5, "/no/such", 0100 | 0x800000, 0100644);
    CALL4(322, HERE, "/no", 0x23f000, 0);
    CALL2(15, "/no", 0);
    CALL2(15, "/no", 01777);
    CALL3(14, "/no/x", 0100644, 0);
    CALL2(39, "/no/x", 0755);
    CALL4(348, HERE, "/no", 0, 0x100);
    CALL4(327, HERE, "/no", words, 0x100);
    CALL3(328, HERE, "/no", 0x200);
    CALL3(328, HERE, "/no", 0);
    CALL(330, HERE, "/no", 3, "/n", 0x400, 0);
    CALL3(333, HERE, "/no", 0644);
    CALL(325, HERE, "/no", 1, 2, 0x100, 0);
    CALL3(182, "/no", 1, 2);
    CALL2(92, "/no", 5);
    CALL4(193, "/no", 0, 5, 6);
    CALL2(269, "/no", words);
    CALL3(326, HERE, "/no", words);
    CALL(397, HERE, "/no", 0x100, 0xfff, buffer, 0);
    CALL(397, HERE, "/no", 0, 0x17ff, buffer, 0);
    CALL2(106, "/no", buffer);
    CALL3(85, "/no", buffer, 10);
    CALL4(332, HERE, "/no", buffer, 10);
    CALL2(38, "/no", "/no2");
    CALL4(329, HERE, "/no", HERE, "/x");
    CALL3(331, "/a", HERE, "/no/b");
    CALL2(83, "/a", "/no/b");
    CALL1(40, "/no");
    CALL2(235, "/no", "user.a");
    CALL2(99, "/no", buffer);
}

static void descriptors(void)
{
    static const int commands[] = {0, 1, 2, 3, 4, 9, 11, 1024, 1030, 1031};
    for (u32 i = 0; i < sizeof commands / sizeof *commands; i++)
        CALL3(221, NO_FD, commands[i], 04001);
    for (int whence = 0; whence < 5; whence++)
        CALL3(19, NO_FD, -5, whence);
    CALL(140, NO_FD, 0, 5, words, 2, 0);
    static const int requests[] = {0x5401, 0x5413, 0x541b, 0x5421, 0x5451, 0x5414, 0x5402,
                                   0x540f, 0x5410, 0x540b, 0x5409};
    words[0] = 3;
    for (u32 i = 0; i < sizeof requests / sizeof *requests; i++)
        CALL3(54, NO_FD, requests[i], words);
    CALL(352, NO_FD, 3, 0x12, 0, 1, 0);
    CALL4(194, NO_FD, 0, 5, 6);
    CALL2(93, NO_FD, 5);
    CALL2(94, NO_FD, 0755);
    CALL3(95, NO_FD, 1, 2);
    CALL3(3, NO_FD, buffer, 4);
    CALL3(4, NO_FD, buffer, 4);
    CALL3(146, NO_FD, words, 1);
    CALL3(217, NO_FD, buffer, 100);
    CALL1(6, -1);
    CALL1(118, NO_FD);
    CALL1(133, NO_FD);
    CALL2(63, NO_FD, 98);
    CALL3(358, NO_FD, 98, 02000000);
    CALL2(197, NO_FD, buffer);
    CALL2(108, NO_FD, buffer);
    CALL2(100, NO_FD, buffer);
    CALL(180, NO_FD, buffer, 5, 0, 6, 0);
    CALL(391, NO_FD, 0, 98, 0, 5, 0);
}

static void the_rest(void)
{
    CALL2(263, 0, words);
    CALL2(263, 99, words);
    CALL2(264, 1, words);
    CALL2(403, 1, words);
    CALL2(78, words, 0);
    CALL(192, 0, 4096, 3, 0x22, -1, 0);
    CALL(192, 0, 4096, 0, 1, NO_FD, 0x10);
    CALL3(125, buffer, 1, 3);
    CALL2(91, 0x60000000, 4096);
    words[0] = 3, words[1] = 7;
    CALL(240, words, 0x80, 5, 0, 0, 0);
    CALL(240, words, 0x81, 5, words, 0, 6);
    CALL(240, words, 0, 5, words, words, 6);
    CALL(240, words, 0x189, 5, words, 0, -1);
    CALL2(37, NOBODY, 0);
    CALL2(37, NOBODY, 34);
    CALL2(238, NOBODY, 15);
    CALL3(268, NOBODY, 1, 9);
    CALL4(174, 10, 0, buffer, 8);
    CALL4(174, 70, 0, 0, 8);
    CALL4(175, 0, 0, buffer, 8);
    CALL4(175, 2, buffer, words, 8);
    words[0] = 0, words[1] = 1;
    CALL4(265, 0, 0, words, 0);
    CALL1(162, words);
    CALL2(105, 0, buffer);
    CALL3(104, 0, buffer, words);
    CALL3(104, 9, 0, 0);
    CALL2(183, buffer, 1);
    CALL1(122, buffer);
    CALL1(122, 0);
    CALL3(384, buffer, 4, 0);
    CALL1(60, 022);
    CALL3(281, 77, 9, 5);
    CALL4(280, 0, 0, 0, 4);
    CALL4(114, -1, words, 1, 0);
    static char *arguments[] = {"a", "b", 0};
    CALL3(11, "/no", arguments, arguments);
    CALL1(45, 0);
    CALL1(24, 0);
    CALL1(64, 0);
    CALL1(132, NOBODY);
    CALL3(436, 900, 901, 0);
}

int main(void)
{
    paths();
    descriptors();
    the_rest();
    return 0;
}
