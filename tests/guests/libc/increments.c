/* Eight threads that increment a word with exclusive accesses, and another under a mutex. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
static int counter, locked; static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static __thread int own;
#ifndef N
#define N 100000
#endif
static void *work(void *arg) {
  for (int i = 0; i < N; i++) { __atomic_add_fetch(&counter, 1, __ATOMIC_SEQ_CST); own++; if (i % 100 == 0) { pthread_mutex_lock(&m); locked++; pthread_mutex_unlock(&m);} }
  return (void *)(long)(own + (long)arg);
}
int main(void) {
  pthread_t t[8]; long sum = 0;
  for (long i = 0; i < 8; i++) if (pthread_create(&t[i], 0, work, (void *)i)) { puts("create"); return 1; }
  for (int i = 0; i < 8; i++) { void *r; pthread_join(t[i], &r); sum += (long)r; }
  printf("%d %d %ld\n", counter, locked, sum);
  return 0;
}
