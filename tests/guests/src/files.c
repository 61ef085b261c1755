/* Make, write, read back and remove each file named; print what the system says. */
#include "guest.h"

enum { O_RDWR = 2, O_CREAT = 0100, O_TRUNC = 01000 };

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        char text[16];
        long fd = syscall(SYS_open, argv[i], O_RDWR | O_CREAT | O_TRUNC, 0644);
        if (fd < 0) {
            print("file %d: open says %d\n", i, (int)fd);
            continue;
        }
        syscall(SYS_write, fd, "0123456789", 10);
        syscall(SYS_lseek, fd, 4, 0);
        long n = syscall(SYS_read, fd, text, 15);
        text[n] = 0;
        syscall(SYS_close, fd, 0, 0);
        print("file %d: read %s, unlink says %d\n", i, text, (int)syscall(SYS_unlink, argv[i], 0, 0));
    }
    return 0;
}
