/* errors.c: statuses and the last error of each thread. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdatomic.h>
#include <unistd.h>

#include "core.h"

#define TEXT_BYTES 1024

static _Thread_local char last_error[TEXT_BYTES];
/* The process that has used the library first. */
static _Atomic pid_t owner;
/* True in a child that was made by fork(). */
static atomic_bool is_child;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void note_child(void) { atomic_store(&is_child, true); }

static void watch_forks(void) { pthread_atfork(NULL, NULL, note_child); }

int32_t ldb_fail(int32_t status, const char *text) {
  snprintf(last_error, sizeof last_error, "%s", text);
  return status;
}

int32_t ldb_begin_function(void) {
  pid_t none = 0, self = getpid();
  last_error[0] = 0;
  pthread_once(&once, watch_forks);
  if (atomic_compare_exchange_strong(&owner, &none, self) || none == self) return LDB_OK;
  return ldb_fail(LDB_FORKED, "the process was forked after it had used the library");
}

bool ldb_begin_reading(void) {
  last_error[0] = 0;
  return !atomic_load_explicit(&is_child, memory_order_relaxed);
}

const char *ldb_last_error(void) { return last_error; }

const char *ldb_status_name(int32_t status) {
  switch (status) {
#define NAME(status) \
  case status: \
    return #status
    NAME(LDB_OK);
    NAME(LDB_ABSENT);
    NAME(LDB_BUFFER_TOO_SMALL);
    NAME(LDB_INVALID_ARGUMENT);
    NAME(LDB_CLOSED);
    NAME(LDB_NOT_FOUND);
    NAME(LDB_EXISTS);
    NAME(LDB_LOCKED);
    NAME(LDB_CONFLICT);
    NAME(LDB_READ_ONLY);
    NAME(LDB_TOO_LARGE);
    NAME(LDB_NO_SPACE);
    NAME(LDB_IO);
    NAME(LDB_POISONED);
    NAME(LDB_COMMIT_UNKNOWN);
    NAME(LDB_CORRUPTION);
    NAME(LDB_FORMAT);
    NAME(LDB_KEY);
    NAME(LDB_UNSUPPORTED);
    NAME(LDB_ABORTED);
    NAME(LDB_INVARIANT);
    NAME(LDB_NO_MEMORY);
    NAME(LDB_FORKED);
#undef NAME
    default:
      return "LDB_UNKNOWN";
  }
}

const char *ldb_version(void) { return LDB_VERSION; }

uint32_t ldb_abi_version(void) { return LDB_ABI_VERSION; }

const char *ldb_engine_name(void) { return ldb_engine_label; }

void ldb_free(void *memory) { free(memory); }
