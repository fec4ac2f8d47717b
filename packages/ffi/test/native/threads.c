/* threads.c: several threads on one database, and on databases of their own; closing in the middle; timers. */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "check.h"

#define THREADS 4
#define WRITES 200

static char root[512];
static ldb_handle shared;
static atomic_int failed, closed_count, is_started;

static void fail(const char *what) {
  printf("%s: %s\n", what, ldb_last_error());
  atomic_fetch_add(&failed, 1);
}

/* Each thread increments a counter in transactions, and writes and reads keys of its own. */
static void *share(void *argument) {
  int thread = (int)(intptr_t)argument;
  char key[32];
  for (int index = 0; index < WRITES; index++) {
    snprintf(key, sizeof key, "t%d-%03d", thread, index);
    if (put(shared, key, key) != LDB_OK || !has_value(shared, key, key)) fail("own key");
    for (;;) {
      ldb_handle transaction = 0, view = 0;
      unsigned counter = 0;
      size_t length = 0;
      if (ldb_transaction_begin(shared, NULL, &transaction) != LDB_OK) fail("begin");
      if (ldb_in(transaction, shared, &view) != LDB_OK) fail("in");
      if (ldb_get(view, "counter", 7, &counter, sizeof counter, &length) < 0) fail("get");
      counter++;
      if (ldb_put(view, "counter", 7, &counter, sizeof counter, NULL) != LDB_OK) fail("put");
      int32_t status = ldb_transaction_commit(transaction, NULL);
      ldb_close(view);
      ldb_close(transaction);
      if (status == LDB_OK) break;
      if (status != LDB_CONFLICT) fail("commit");
    }
  }
  return NULL;
}

static void *own(void *argument) {
  char path[600], text[16];
  ldb_handle db = 0;
  uint64_t count = 0;
  snprintf(path, sizeof path, "%s/own-%d", root, (int)(intptr_t)argument);
  ldb_open_options options;
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  options.durability = LDB_DURABILITY_NONE;
  if (ldb_open(path, &options, &db) != LDB_OK) fail("open");
  for (int index = 0; index < WRITES; index++) {
    snprintf(text, sizeof text, "%d", index);
    if (put(db, text, text) != LDB_OK) fail("put");
  }
  if (ldb_count(db, NULL, &count) != LDB_OK || count != WRITES) fail("count");
  if (ldb_close(db) != LDB_OK) fail("close");
  return NULL;
}

/* Uses a database until another thread closes it. */
static void *use_until_closed(void *argument) {
  (void)argument;
  for (;;) {
    ldb_handle iterator = 0;
    int32_t status = ldb_iterator_open(shared, NULL, &iterator);
    if (status == LDB_OK) status = ldb_iterator_next(iterator);
    if (iterator != 0) ldb_close(iterator);
    atomic_store(&is_started, 1);
    if (status == LDB_CLOSED) {
      atomic_fetch_add(&closed_count, 1);
      return NULL;
    }
    if (status != LDB_OK) fail("iterator");
  }
}

static void *close_shared(void *argument) {
  (void)argument;
  int32_t status = ldb_close(shared);
  if (status != LDB_OK && status != LDB_CLOSED) fail("close");
  return (void *)(intptr_t)(status == LDB_OK);
}

static void run(void *(*task)(void *), int count, pthread_t *threads) {
  for (int index = 0; index < count; index++) pthread_create(&threads[index], NULL, task, (void *)(intptr_t)index);
}

static int join(int count, pthread_t *threads) {
  int sum = 0;
  void *result = NULL;
  for (int index = 0; index < count; index++) {
    pthread_join(threads[index], &result);
    sum += (int)(intptr_t)result;
  }
  return sum;
}

int main(int count, char **values) {
  pthread_t threads[THREADS], closers[2];
  char path[600], *json = NULL;
  unsigned counter = 0;
  size_t length = 0;
  if (count != 2) return 2;
  snprintf(root, sizeof root, "%s", values[1]);
  snprintf(path, sizeof path, "%s/shared", root);
  ldb_open_options options;
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  options.durability = LDB_DURABILITY_PERIODIC;
  options.sync_interval_ms = 20;
  OK(ldb_open(path, &options, &shared));
  run(share, THREADS, threads);
  join(THREADS, threads);
  OK(ldb_get(shared, "counter", 7, &counter, sizeof counter, &length));
  CHECK(counter == THREADS * WRITES);
  run(own, THREADS, threads);
  join(THREADS, threads);

  /* The timer of the library syncs what nothing else asks to sync. */
  int is_synced = 0;
  for (int turn = 0; turn < 500 && !is_synced; turn++) {
    usleep(10000);
    OK(ldb_stats(shared, &json));
    is_synced = strstr(json, "\"unsyncedBytes\":0,") != NULL;
    ldb_free(json);
  }
  CHECK(is_synced);

  run(use_until_closed, THREADS, threads);
  while (!atomic_load(&is_started)) usleep(1000);
  run(close_shared, 2, closers);
  CHECK(join(2, closers) == 1);
  join(THREADS, threads);
  CHECK(atomic_load(&closed_count) == THREADS);
  CHECK(atomic_load(&failed) == 0);
  OK(ldb_open(path, NULL, &shared));
  OK(ldb_verify(shared, &json));
  CHECK(strstr(json, "\"ok\":true") != NULL);
  ldb_free(json);
  OK(ldb_close(shared));
  return report();
}
