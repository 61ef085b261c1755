/* Robust locks in shared memory whose owner's process ends, in each of the ways in which it can. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t *lock;
static volatile int held;

static void hold(void) { pthread_mutex_lock(lock); }
static void *holds(void *unused) { hold(); held = 1; for (;;) pause(); }
static void *runs(void *function) { ((void (*)(void))function)(); return 0; }
static void other_holds(void) { pthread_t t; pthread_create(&t, 0, holds, 0); while (!held) sched_yield(); }
/* In a second thread, while the first one, which holds the lock, waits. */
static void in_second(void (*function)(void)) { pthread_t t; hold(); pthread_create(&t, 0, runs, function); for (;;) pause(); }

static void kills(void) { kill(getpid(), SIGKILL); puts("not reached"); }
static void terminates(void) { kill(getpid(), SIGTERM); puts("not reached"); }
static void kills_first(void) { syscall(SYS_tgkill, getpid(), getpid(), SIGKILL); puts("not reached"); }
static void faults(void) { *(volatile int *)8 = 0; }
static void executes(void) { execl("/proc/self/exe", "robust_deaths", "ends", (char *)0); }
static void exits(void) { _exit(5); }
static void overflows(int unused) { volatile char room[4096]; (void)unused; for (;;) { room[0] = 1; asm volatile("sub sp, sp, #2048\n str r0, [sp]" ::: "memory"); } }
static void no_room_for_a_frame(void) { signal(SIGSEGV, overflows); overflows(0); }

static void hold_and_kill(void) { hold(); kills(); }
static void hold_and_raise(void) { hold(); raise(SIGKILL); }
static void hold_and_abort(void) { hold(); abort(); }
static void hold_and_fault(void) { hold(); faults(); }
static void hold_and_exit(void) { hold(); exits(); }
static void hold_and_execute(void) { hold(); executes(); }
static void hold_and_overflow(void) { hold(); no_room_for_a_frame(); }
static void other_and_kill(void) { other_holds(); kills(); }
static void other_and_abort(void) { other_holds(); abort(); }
static void other_and_fault(void) { other_holds(); faults(); }
static void other_and_exit(void) { other_holds(); exits(); }
static void other_and_execute(void) { other_holds(); executes(); }
static void second_kills(void) { in_second(kills); }
static void second_kills_first(void) { in_second(kills_first); }
static void second_terminates(void) { in_second(terminates); }
static void second_executes(void) { in_second(executes); }
static void second_exits(void) { in_second(exits); }

static const struct { const char *name; void (*run)(void); } deaths[] = {
    {"kill", hold_and_kill},
    {"raise", hold_and_raise},
    {"abort", hold_and_abort},
    {"fault", hold_and_fault},
    {"exit", hold_and_exit},
    {"exec", hold_and_execute},
    {"overflow", hold_and_overflow},
    {"other, kill", other_and_kill},
    {"other, abort", other_and_abort},
    {"other, fault", other_and_fault},
    {"other, exit", other_and_exit},
    {"other, exec", other_and_execute},
    {"second, kill", second_kills},
    {"second, kill first", second_kills_first},
    {"second, SIGTERM", second_terminates},
    {"second, exec", second_executes},
    {"second, exit", second_exits},
};

static void make(int protocol) {
    pthread_mutexattr_t kind;
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_setpshared(&kind, 1);
    pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_setprotocol(&kind, protocol);
    pthread_mutex_init(lock, &kind);
}

/* The lock is held by a child, which another one ends while this process waits. */
static void by_other(const char *name, int number, int spins, int later) {
    int ready[2];
    char c;
    if (!later) make(PTHREAD_PRIO_NONE);
    pipe(ready);
    pid_t owner = fork();
    if (!owner) {
        if (later) { int file = open("locks", O_RDWR); lock = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0); make(PTHREAD_PRIO_NONE); }
        hold();
        write(ready[1], "x", 1);
        for (;;) if (!spins) pause();
    }
    read(ready[0], &c, 1);
    if (later) lock = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, open("locks", O_RDWR), 0);
    pid_t killer = fork();
    if (!killer) { kill(owner, number); _exit(0); }
    int status, outcome = pthread_mutex_lock(lock);
    waitpid(killer, 0, 0);
    waitpid(owner, &status, 0);
    printf("%s: %d, %s\n", name, WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), strerror(outcome));
}
static void by_others(void) {
    by_other("SIGKILL", SIGKILL, 0, 0);
    by_other("SIGKILL, busy", SIGKILL, 1, 0);
    by_other("SIGTERM", SIGTERM, 0, 0);
    by_other("SIGTERM, busy", SIGTERM, 1, 0);
    by_other("SIGRTMIN", SIGRTMIN + 1, 0, 0);
    munmap(lock, 4096);
    close(open("locks", O_RDWR | O_CREAT, 0600));
    truncate("locks", 4096);
    by_other("mapped later, SIGKILL", SIGKILL, 0, 1);
}

int main(int count, char **arguments) {
    if (count > 1 && !strcmp(arguments[1], "ends")) return 6;
    setvbuf(stdout, 0, _IONBF, 0);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    lock = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (count > 1) { by_others(); return 0; }
    for (unsigned i = 0; i < sizeof deaths / sizeof *deaths; i++) {
        make(i % 2 ? PTHREAD_PRIO_INHERIT : PTHREAD_PRIO_NONE);
        pid_t child = fork();
        int status, outcome;
        if (!child) { deaths[i].run(); _exit(8); }
        waitpid(child, &status, 0);
        outcome = pthread_mutex_trylock(lock);
        printf("%s: %d, %s\n", deaths[i].name, WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), strerror(outcome));
    }
    return 0;
}
