/* What /proc shows of threads, and how many there may be. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static int gate[2], told[2];

static char *line(const char *directory, int tid, const char *file, const char *key) {
    static char text[256];
    char path[64];
    FILE *in;
    snprintf(path, sizeof path, directory, tid, file);
    if (!(in = fopen(path, "r"))) return strcpy(text, "none\n");
    while (fgets(text, sizeof text, in)) {
        if (!strncmp(text, key, strlen(key))) break;
        text[0] = 0;
    }
    fclose(in);
    return text;
}

static void *named(void *name) {
    int tid = syscall(SYS_gettid);
    char c, link[64] = "";
    sigset_t usr;
    prctl(PR_SET_NAME, name);
    sigemptyset(&usr);
    sigaddset(&usr, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &usr, 0);
    raise(SIGUSR1);
    readlink("/proc/thread-self", link, sizeof link - 1);
    printf("thread-self: %d\n", atoi(strrchr(link, '/') + 1) == tid && atoi(link) == getpid());
    write(told[1], &tid, sizeof tid);
    read(gate[0], &c, 1);
    return 0;
}

static void show(const char *directory, int tid) {
    char own[16], stat[64];
    sprintf(own, "Pid:\t%d\n", tid);
    printf("comm: %s", line(directory, tid, "comm", ""));
    printf("%s", line(directory, tid, "status", "Name:"));
    printf("%s", line(directory, tid, "status", "State:"));
    printf("pid: %d\n", !strcmp(line(directory, tid, "status", "Pid:"), own));
    printf("tgid: %d\n", atoi(line(directory, tid, "status", "Tgid:") + 5) == getpid());
    printf("%s", line(directory, tid, "status", "Threads:"));
    printf("%s", line(directory, tid, "status", "SigPnd:"));
    printf("%s", line(directory, tid, "status", "ShdPnd:"));
    printf("%s", line(directory, tid, "status", "SigBlk:"));
    sprintf(stat, "%d (", tid);
    printf("stat: %d\n", !strncmp(line(directory, tid, "stat", ""), stat, strlen(stat)));
}

int main(void) {
    struct rlimit most = {3, 3};
    pthread_t threads[2], more;
    int tids[2], count = 0, in = 0, result;
    struct dirent *entry;
    DIR *tasks;
    setvbuf(stdout, 0, _IONBF, 0);
    pipe(gate);
    pipe(told);
    pthread_create(&threads[0], 0, named, "first");
    read(told[0], &tids[0], sizeof *tids);
    pthread_create(&threads[1], 0, named, "second");
    read(told[0], &tids[1], sizeof *tids);
    usleep(20000);
    for (tasks = opendir("/proc/self/task"); (entry = readdir(tasks));) {
        int tid = atoi(entry->d_name);
        count += entry->d_name[0] != '.';
        in += tid == getpid() || tid == tids[0] || tid == tids[1];
    }
    closedir(tasks);
    printf("tasks: %d %d\n", count, in);
    show("/proc/self/task/%d/%s", tids[0]);
    show("/proc/%d/%s", tids[1]);
    show("/proc/%d/%s", getpid());
    printf("no such: %s", line("/proc/self/task/%d/%s", 1, "comm", ""));
    setrlimit(RLIMIT_NPROC, &most);
    printf("limited: %s\n", strerror(pthread_create(&more, 0, named, "third")));
    result = fork();
    printf("fork: %s\n", result < 0 ? strerror(errno) : "made");
    write(gate[1], "xx", 2);
    pthread_join(threads[0], 0);
    pthread_join(threads[1], 0);
    printf("gone: %s", line("/proc/self/task/%d/%s", tids[0], "comm", ""));
    printf("%s", line("/proc/%d/%s", getpid(), "status", "Threads:"));
    return 0;
}
