/* Names of threads, which /proc/PID/task/TID/comm takes. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int tid, go;

/* What a call gave, and the caller's name as /proc and prctl have it. */
static void show(const char *call, long result) {
    int number = errno, fd = open("/proc/thread-self/comm", O_RDONLY);
    char file[64], name[16];
    long size = read(fd, file, sizeof file - 1);
    file[size < 0 ? 0 : size] = 0;
    close(fd);
    prctl(PR_GET_NAME, name);
    for (char *c = file; *c; c++) if (*c == '\n') *c = '|';
    for (char *c = name; *c; c++) if (*c == '\n') *c = '|';
    printf("%s: %ld, %s %s.%s%s\n", call, result, file, name, result < 0 ? " " : "", result < 0 ? strerror(number) : "");
}
static void *named(void *unused) {
    (void)unused;
    tid = syscall(SYS_gettid);
    while (!go) usleep(1000);
    show("thread", 0);
    return 0;
}

int main(void) {
    const char *own = "/proc/self/comm";
    char text[64] = "";
    struct iovec parts[] = {{"one", 3}, {"two", 3}};
    struct stat status;
    pthread_t thread;
    int fd, other;
    setvbuf(stdout, 0, _IONBF, 0);
    stat(own, &status);
    printf("mode: %o %d\n", status.st_mode, access(own, W_OK));
    fd = open(own, O_WRONLY | O_TRUNC);
    show("write", write(fd, "line\n", 5));
    show("long", write(fd, "a name of more than 15", 22));
    show("zero", write(fd, "a\0b", 3));
    show("empty", write(fd, "", 0));
    show("writev", writev(fd, parts, 2));
    show("pwrite", pwrite(fd, "second", 6, 0));
    show("pwritev", pwritev(fd, parts, 2, 0));
    show("nowhere", write(fd, (void *)8, 4));
    show("position", lseek(fd, 0, SEEK_CUR));
    show("read", read(fd, text, 4));
    show("sendfile", sendfile(fd, open("/proc/version", O_RDONLY), 0, 4));
    show("dup", write(dup(fd), "duplicate", 9));
    fd = open(own, O_RDWR);
    show("both", write(fd, "both", 4));
    show("read", read(fd, text, sizeof text));
    printf("read: %s", text);
    if (!fork()) { show("child", write(fd, "child", 5)); _exit(0); }
    wait(0);
    show("reader", write(open(own, O_RDONLY), "no", 2));
    pthread_create(&thread, 0, named, 0);
    while (!tid) usleep(1000);
    printf("set: %d\n", pthread_setname_np(thread, "other"));
    pthread_getname_np(thread, text, sizeof text);
    printf("get: %s\n", text);
    printf("too long: %d\n", pthread_setname_np(thread, "0123456789abcdef"));
    sprintf(text, "/proc/self/task/%d/comm", tid);
    other = open(text, O_RDWR);
    go = 1;
    pthread_join(thread, 0);
    show("gone", write(other, "late", 4));
    return 0;
}
