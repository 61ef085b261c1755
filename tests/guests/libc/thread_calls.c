/* Calls, recursion and longjmp in threads that interrupt each other. */
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static volatile long sum;
__attribute__((noinline)) long leaf(long n) { asm volatile(""); return n + 1; }
__attribute__((noinline)) long tree(long n) { return n < 2 ? leaf(n) : tree(n - 1) + tree(n - 2); }
__attribute__((noinline)) void thrower(jmp_buf b, long n) { if (n) thrower(b, n - 1); longjmp(b, 1); }
__attribute__((noinline)) long catcher(long n) { jmp_buf b; if (!setjmp(b)) thrower(b, n); return leaf(n); }
__attribute__((noinline)) void *work(void *a) { long s = 0; for (int i = 0; i < 6; i++) { s += tree(5 + (long)a % 3) + catcher(i); pthread_mutex_lock(&m); sum += s; pthread_mutex_unlock(&m); } return (void *)s; }
int main(void) { pthread_t t[4]; for (int k = 0; k < 2; k++) { for (long i = 0; i < 4; i++) pthread_create(&t[i], 0, work, (void *)i); tree(7); for (int i = 0; i < 4; i++) pthread_join(t[i], 0); } printf("%ld\n", sum); return 0; }
