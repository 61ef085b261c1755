/* Signals to threads and to their process, with glibc. The last one ends the process. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sched.h>
#include <ucontext.h>
#include <sys/syscall.h>
#include <sys/mman.h>
#define THREADS 4
static pthread_t t[THREADS], mainthread;
static void *brief(void *unused) { return (void *)syscall(SYS_gettid); }
static volatile int hits[THREADS + 1], where_main, stop, ready, onalt, nested[3], order;
static __thread long me = THREADS;
static void count(int s) { (void)s; hits[me]++; }
static void which(int s) { (void)s; where_main += pthread_equal(pthread_self(), mainthread); order++; }
static void *spin(void *a) { me = (long)a; __atomic_add_fetch(&ready, 1, 5); while (!stop) sched_yield(); return 0; }
static void *waiter(void *a) { sigset_t s; int n; sigemptyset(&s); sigaddset(&s, SIGUSR2); __atomic_add_fetch(&ready, 1, 5); sigwait(&s, &n); return (void *)(long)(n == SIGUSR2 ? (long)a + 1 : -100); }
static void alt(int s) { char x; stack_t st; (void)s; sigaltstack(0, &st); onalt += (st.ss_flags & SS_ONSTACK) && &x > (char *)st.ss_sp && &x < (char *)st.ss_sp + st.ss_size; }
static void *alter(void *a) { stack_t st = { .ss_sp = malloc(16384), .ss_size = 16384 }, none; sigaltstack(0, &none); if (!(none.ss_flags & SS_DISABLE)) return (void *)-1; sigaltstack(&st, 0); raise(SIGUSR1); return a; }
static void inner(int s) { (void)s; nested[1] = nested[0]; }
static void outer(int s) { (void)s; nested[0] = 1; pthread_kill(pthread_self(), SIGUSR2); nested[0] = 2; nested[2] = nested[1]; }
static void fix(int s, siginfo_t *i, void *c) { ucontext_t *u = c; (void)s; u->uc_mcontext.arm_pc += 4; u->uc_mcontext.arm_r0 = 42; hits[me] = i->si_code == SEGV_MAPERR; }
static int faulting(void) { int r; asm volatile("mov r0, #0\n\tldr ip, [r0, #4]\n\tmov %0, r0" : "=r"(r) : : "r0", "ip", "memory"); return r; }
static void *faulter(void *a) { me = (long)a; return (void *)(long)faulting(); }
static int pipes[2]; static volatile long reads;
static void *reader(void *a) { char c; long r = read(pipes[0], &c, 1); reads = r; (void)a; return (void *)(r < 0 ? -errno : r); }
static void handle(int n, void (*f)(int), int flags) { struct sigaction s = { .sa_handler = f, .sa_flags = flags }; sigaction(n, &s, 0); }
static void waitready(int n) { while (ready < n) sched_yield(); }
int main(void) {
  sigset_t set, old; mainthread = pthread_self(); void *r; long sum;
  handle(SIGUSR1, count, 0);
  for (long i = 0; i < THREADS; i++) pthread_create(&t[i], 0, spin, (void *)i);
  waitready(THREADS);
  for (int i = 0; i < THREADS; i++) for (int k = 0; k <= i; k++) { int before = hits[i]; pthread_kill(t[i], SIGUSR1); while (hits[i] == before) sched_yield(); }
  stop = 1; for (int i = 0; i < THREADS; i++) pthread_join(t[i], 0);
  printf("directed: %d %d %d %d %d\n", hits[0], hits[1], hits[2], hits[3], hits[4]);
  handle(SIGUSR2, which, 0); stop = 0; ready = 0;
  for (long i = 0; i < THREADS; i++) pthread_create(&t[i], 0, spin, (void *)i);
  waitready(THREADS); kill(getpid(), SIGUSR2); while (order < 1) sched_yield();
  printf("process: %d\n", where_main);
  sigemptyset(&set); sigaddset(&set, SIGUSR2); pthread_sigmask(SIG_BLOCK, &set, &old);
  kill(getpid(), SIGUSR2); while (order < 2) sched_yield();
  printf("another: %d %d\n", where_main, order);
  stop = 1; for (int i = 0; i < THREADS; i++) pthread_join(t[i], 0);
  ready = 0; for (long i = 0; i < THREADS; i++) pthread_create(&t[i], 0, waiter, (void *)i);
  waitready(THREADS); usleep(20000); for (int i = 0; i < THREADS; i++) { pthread_kill(t[i], SIGUSR2); }
  sum = 0; for (int i = 0; i < THREADS; i++) { pthread_join(t[i], &r); sum += (long)r; } printf("sigwait: %ld\n", sum);
  ready = 0; pthread_create(&t[0], 0, waiter, (void *)0); waitready(1); kill(getpid(), SIGUSR2); pthread_join(t[0], &r); printf("sigwait of the process: %ld\n", (long)r);
  pthread_kill(pthread_self(), SIGUSR2); sigpending(&set); printf("pending: %d\n", sigismember(&set, SIGUSR2));
  order = 0; pthread_sigmask(SIG_SETMASK, &old, 0); printf("unblocked: %d\n", order);
  handle(SIGUSR1, alt, SA_ONSTACK); sum = 0; for (long i = 0; i < THREADS; i++) pthread_create(&t[i], 0, alter, (void *)i);
  for (int i = 0; i < THREADS; i++) { pthread_join(t[i], &r); sum += (long)r; } printf("altstack: %ld %d\n", sum, onalt);
  handle(SIGUSR1, outer, 0); handle(SIGUSR2, inner, 0); pthread_kill(pthread_self(), SIGUSR1); printf("nested: %d %d\n", nested[2], nested[0]);
  { struct sigaction s = { .sa_sigaction = fix, .sa_flags = SA_SIGINFO }; sigaction(SIGSEGV, &s, 0); }
  for (int i = 0; i <= THREADS; i++) hits[i] = 0;
  sum = 0; for (long i = 0; i < THREADS; i++) pthread_create(&t[i], 0, faulter, (void *)i);
  for (int i = 0; i < THREADS; i++) { pthread_join(t[i], &r); sum += (long)r; } printf("faults: %ld %d\n", sum, hits[0] + hits[1] + hits[2] + hits[3]);
  pipe(pipes); for (int restart = 0; restart < 2; restart++) {
    handle(SIGUSR1, count, restart ? SA_RESTART : 0); hits[4] = 0; pthread_create(&t[0], 0, reader, 0); usleep(20000); pthread_kill(t[0], SIGUSR1);
    while (!hits[4]) sched_yield();
    if (restart) write(pipes[1], "x", 1); pthread_join(t[0], &r); printf("read: %ld\n", (long)r); }
  /* The kernel wakes who joins a thread before the thread is gone. */
  pthread_create(&t[0], 0, brief, 0); pthread_join(t[0], &r); for (int i = 0; i < 500 && !syscall(SYS_tgkill, getpid(), (long)r, 0); i++) usleep(10000);
  printf("ended: %ld %ld\n", syscall(SYS_tgkill, getpid(), (long)r, SIGUSR1), syscall(SYS_tkill, (long)r, SIGUSR1));
  printf("no such: %ld %ld %ld\n", syscall(SYS_tgkill, getpid(), 0x3fffffff, 0) , syscall(SYS_tgkill, getpid(), getpid(), 0), syscall(SYS_tgkill, getpid(), getpid(), 65)); fflush(stdout);
  stop = 0; pthread_create(&t[0], 0, spin, 0); handle(SIGTERM, SIG_DFL, 0); pthread_kill(t[0], SIGTERM); for (;;) pause();
}
