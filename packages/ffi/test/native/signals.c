/* signals.c: a host with signal handlers of its own, signals that interrupt every call, and threads with small stacks. */
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include "check.h"

#define WRITES 300

static volatile sig_atomic_t alarm_count, user_count;

static void on_alarm(int signal) {
  (void)signal;
  alarm_count++;
}

static void on_user(int signal) {
  (void)signal;
  user_count++;
}

static void on_fault(int signal) {
  (void)signal;
  _exit(3);
}

/* Without SA_RESTART: system calls of the library that wait may fail with EINTR. */
static void install(int signal, void (*handler)(int)) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  CHECK(sigaction(signal, &action, NULL) == 0);
}

static void read_actions(struct sigaction *actions) {
  for (int signal = 1; signal < NSIG; signal++) {
    memset(&actions[signal], 0, sizeof actions[signal]);
    sigaction(signal, NULL, &actions[signal]);
  }
}

static void test_interrupted(const char *path) {
  static struct sigaction before[NSIG], after[NSIG];
  sigset_t mask_before, mask_after;
  ldb_handle db = 0;
  char key[16], *json = NULL;
  uint64_t count = 0;
  struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
  install(SIGALRM, on_alarm);
  install(SIGUSR1, on_user);
  install(SIGSEGV, on_fault);
  read_actions(before);
  pthread_sigmask(SIG_SETMASK, NULL, &mask_before);
  CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
  OK(ldb_open(path, NULL, &db));
  for (int index = 0; index < WRITES; index++) {
    snprintf(key, sizeof key, "%06d", index);
    OK(put(db, key, key));
    CHECK(has_value(db, key, key));
    if (index % 100 == 0) {
      raise(SIGUSR1);
      OK(ldb_checkpoint(db));
    }
  }
  OK(ldb_verify(db, &json));
  CHECK(json != NULL && strstr(json, "\"ok\":true") != NULL);
  ldb_free(json);
  OK(ldb_close(db));
  OK(ldb_open(path, NULL, &db));
  OK(ldb_count(db, NULL, &count));
  CHECK(count == WRITES);
  OK(ldb_close(db));
  CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
  CHECK(alarm_count > 10);
  CHECK(user_count == 3);
  read_actions(after);
  pthread_sigmask(SIG_SETMASK, NULL, &mask_after);
  for (int signal = 1; signal < NSIG; signal++) {
    CHECK(before[signal].sa_handler == after[signal].sa_handler && before[signal].sa_flags == after[signal].sa_flags);
    CHECK(sigismember(&mask_before, signal) == sigismember(&mask_after, signal));
  }
}

/* Opens, writes, checkpoints, reads back and closes, in a thread with a small stack. */
static void *use(void *argument) {
  const char *path = argument;
  ldb_handle db = 0, transaction = 0, view = 0, iterator = 0;
  char key[16], *json = NULL;
  OK(ldb_open(path, NULL, &db));
  OK(ldb_transaction_begin(db, NULL, &transaction));
  OK(ldb_in(transaction, db, &view));
  for (int index = 0; index < WRITES; index++) {
    snprintf(key, sizeof key, "%06d", index);
    OK(put(view, key, key));
  }
  OK(ldb_transaction_commit(transaction, NULL));
  OK(ldb_checkpoint(db));
  OK(ldb_iterator_open(db, NULL, &iterator));
  OK(ldb_iterator_next(iterator));
  OK(ldb_compact(db));
  OK(ldb_verify(db, &json));
  CHECK(json != NULL && strstr(json, "\"ok\":true") != NULL);
  ldb_free(json);
  OK(ldb_close(db));
  return NULL;
}

static void test_small_stack(const char *path, size_t stack_bytes) {
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  CHECK(pthread_attr_setstacksize(&attributes, stack_bytes) == 0);
  CHECK(pthread_create(&thread, &attributes, use, (void *)path) == 0);
  pthread_join(thread, NULL);
  pthread_attr_destroy(&attributes);
}

int main(int count, char **values) {
  char path[600];
  if (count != 2) return 2;
  snprintf(path, sizeof path, "%s/interrupted", values[1]);
  test_interrupted(path);
  snprintf(path, sizeof path, "%s/small", values[1]);
  test_small_stack(path, 128 * 1024);
  return report();
}
