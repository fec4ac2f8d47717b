/* commits.c: commits of several threads that share syncs, over syncs that this program delays, holds and fails. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define THREADS 8
#define WRITES 30

static char root[512];
static ldb_handle db;
static atomic_int sync_count, delay_us, is_holding, is_held, is_failing, entered, statuses[THREADS], failed;

/* Takes the place of the function of the system in the library, too. */
int fdatasync(int descriptor) {
  int expected = 1;
  atomic_fetch_add(&sync_count, 1);
  if (atomic_compare_exchange_strong(&is_holding, &expected, 0)) {
    atomic_store(&is_held, 1);
    while (atomic_load(&is_held)) usleep(200);
  }
  if (atomic_load(&delay_us) > 0) usleep((useconds_t)atomic_load(&delay_us));
  if (atomic_load(&is_failing)) {
    errno = EIO;
    return -1;
  }
  return (int)syscall(SYS_fdatasync, descriptor);
}

/* Makes the next sync wait until `release_sync`. */
static void hold_next(void) { atomic_store(&is_holding, 1); }

static void await_held(void) {
  for (int turn = 0; turn < 100000 && !atomic_load(&is_held); turn++) usleep(200);
  CHECK(atomic_load(&is_held));
}

static void release_sync(void) { atomic_store(&is_held, 0); }

static void fail(const char *what) {
  printf("%s: %s\n", what, ldb_last_error());
  atomic_fetch_add(&failed, 1);
}

static void open_at(const char *name) {
  char path[600];
  snprintf(path, sizeof path, "%s/%s", root, name);
  OK(ldb_open(path, NULL, &db));
}

static void run(void *(*task)(void *), int from, int count, pthread_t *threads) {
  for (int index = from; index < count; index++) pthread_create(&threads[index], NULL, task, (void *)(intptr_t)index);
}

static void join(int from, int count, pthread_t *threads) {
  for (int index = from; index < count; index++) pthread_join(threads[index], NULL);
}

static void name_key(char key[32], const char *name, int thread, int index) { snprintf(key, 32, "%s%d-%03d", name, thread, index); }

/* Every kind of commit. What is acknowledged can be read at once. */
static void *write_all_kinds(void *argument) {
  int thread = (int)(intptr_t)argument;
  char key[32], other[32];
  for (int index = 0; index < WRITES; index++) {
    ldb_handle batch = 0, transaction = 0, view = 0;
    name_key(key, "k", thread, index);
    name_key(other, "o", thread, index);
    switch (index % 5) {
      case 0:
      case 1:
        if (put(db, key, key) != LDB_OK) fail("put");
        break;
      case 2:
        if (ldb_batch_open(db, &batch) != LDB_OK || ldb_batch_put(batch, db, key, strlen(key), key, strlen(key), NULL) != LDB_OK ||
            ldb_batch_put(batch, db, other, strlen(other), "1", 1, NULL) != LDB_OK || ldb_batch_commit(batch, NULL) != LDB_OK)
          fail("batch");
        ldb_close(batch);
        if (ldb_delete(db, other, strlen(other), NULL) != LDB_OK || ldb_has(db, other, strlen(other)) != LDB_ABSENT) fail("delete");
        break;
      case 3: {
        const ldb_write_options options = {sizeof options, LDB_DURABILITY_PERIODIC, 0};
        if (ldb_put(db, other, strlen(other), "2", 1, &options) != LDB_OK || !has_value(db, other, "2")) fail("periodic");
        const ldb_range range = {.size = sizeof range, .bounds = LDB_BOUND_PREFIX, .lower = other, .lower_bytes = strlen(other)};
        if (ldb_delete_range(db, &range, NULL) != LDB_OK || ldb_has(db, other, strlen(other)) != LDB_ABSENT) fail("delete range");
        if (put(db, key, key) != LDB_OK) fail("put");
        break;
      }
      default:
        if (ldb_transaction_begin(db, NULL, &transaction) != LDB_OK || ldb_in(transaction, db, &view) != LDB_OK ||
            put(view, key, key) != LDB_OK || ldb_transaction_commit(transaction, NULL) != LDB_OK)
          fail("transaction");
        ldb_close(view);
        ldb_close(transaction);
    }
    if (!has_value(db, key, key)) fail("an acknowledged commit cannot be read");
  }
  return NULL;
}

static void *checkpoint(void *argument) {
  (void)argument;
  for (int index = 0; index < 5; index++) {
    usleep(5000);
    if (ldb_checkpoint(db) != LDB_OK || ldb_sync(db) != LDB_OK) fail("checkpoint");
  }
  return NULL;
}

static void check_all_kinds(int thread_count) {
  char key[32];
  uint64_t count = 0;
  for (int thread = 0; thread < thread_count; thread++)
    for (int index = 0; index < WRITES; index++) {
      name_key(key, "k", thread, index);
      if (!has_value(db, key, key)) fail(key);
    }
  OK(ldb_count(db, NULL, &count));
  CHECK(count == (uint64_t)thread_count * WRITES);
}

static void *put_many(void *argument) {
  char key[32];
  for (int index = 0; index < WRITES; index++) {
    name_key(key, "k", (int)(intptr_t)argument, index);
    if (put(db, key, key) != LDB_OK) fail("put");
  }
  return NULL;
}

/* Commits for each sync, as a number of syncs: with a device of 2 ms, on any processor. */
static void count_syncs(void) {
  pthread_t threads[THREADS];
  open_at("counted");
  atomic_store(&delay_us, 2000);
  int before = atomic_load(&sync_count);
  put_many((void *)0);
  int alone = atomic_load(&sync_count) - before;
  CHECK(alone >= WRITES);
  before = atomic_load(&sync_count);
  run(put_many, 0, THREADS, threads);
  join(0, THREADS, threads);
  int together = atomic_load(&sync_count) - before;
  CHECK(together * 3 <= THREADS * WRITES);
  printf("%d commits of one thread: %d syncs; %d of %d threads: %d\n", WRITES, alone, THREADS * WRITES, THREADS, together);
  atomic_store(&delay_us, 0);
  check_all_kinds(THREADS);
  OK(ldb_close(db));
}

/* All kinds of commits, with checkpoints that rotate the log between. */
static void mix(void) {
  pthread_t threads[THREADS + 1];
  open_at("mixed");
  atomic_store(&delay_us, 300);
  run(write_all_kinds, 0, THREADS, threads);
  pthread_create(&threads[THREADS], NULL, checkpoint, NULL);
  join(0, THREADS + 1, threads);
  atomic_store(&delay_us, 0);
  check_all_kinds(THREADS);
  OK(ldb_close(db));
  open_at("mixed");
  check_all_kinds(THREADS);
  char *json = NULL;
  OK(ldb_verify(db, &json));
  CHECK(strstr(json, "\"ok\":true") != NULL);
  ldb_free(json);
  OK(ldb_close(db));
}

static void *put_one(void *argument) {
  int thread = (int)(intptr_t)argument;
  char key[32];
  name_key(key, "g", thread, 0);
  atomic_fetch_add(&entered, 1);
  atomic_store(&statuses[thread], put(db, key, key));
  return NULL;
}

/* One commit alone, whose sync is held; the others come while it waits, and share the next sync, which is held as well. */
static void form_group(pthread_t *threads) {
  atomic_store(&entered, 0);
  hold_next();
  run(put_one, 0, 1, threads);
  await_held();
  run(put_one, 1, THREADS, threads);
  for (int turn = 0; turn < 10000 && atomic_load(&entered) < THREADS; turn++) usleep(200);
  usleep(50000);
  hold_next();
  release_sync();
  await_held();
}

/* While a sync runs, other calls are answered, and do not see what is not durable. */
static void look_at_group(void) {
  pthread_t threads[THREADS];
  char key[32];
  uint64_t count = 0;
  open_at("group");
  int before = atomic_load(&sync_count);
  form_group(threads);
  OK(ldb_count(db, NULL, &count));
  CHECK(count == 1 && has_value(db, "g0-000", "g0-000"));
  for (int thread = 1; thread < THREADS; thread++) {
    name_key(key, "g", thread, 0);
    EXPECT(LDB_ABSENT, ldb_has(db, key, strlen(key)));
  }
  release_sync();
  join(0, THREADS, threads);
  OK(ldb_count(db, NULL, &count));
  CHECK(count == THREADS && atomic_load(&sync_count) - before <= 4);
  for (int thread = 0; thread < THREADS; thread++) CHECK(atomic_load(&statuses[thread]) == LDB_OK);
  OK(ldb_close(db));
}

/* A failed sync fails every commit that waits for it, and the database accepts no further ones. */
static void fail_group(void) {
  pthread_t threads[THREADS];
  open_at("failing");
  form_group(threads);
  atomic_store(&is_failing, 1);
  release_sync();
  join(0, THREADS, threads);
  CHECK(atomic_load(&statuses[0]) == LDB_OK);
  for (int thread = 1; thread < THREADS; thread++) {
    int status = atomic_load(&statuses[thread]);
    CHECK(status == LDB_COMMIT_UNKNOWN || status == LDB_POISONED);
  }
  CHECK(atomic_load(&statuses[1]) == LDB_COMMIT_UNKNOWN || atomic_load(&statuses[2]) == LDB_COMMIT_UNKNOWN);
  EXPECT(LDB_POISONED, put(db, "after", "1"));
  ldb_close(db);
  atomic_store(&is_failing, 0);
  open_at("failing");
  CHECK(has_value(db, "g0-000", "g0-000"));
  OK(ldb_close(db));
}

static void *close_database(void *argument) {
  (void)argument;
  atomic_store(&statuses[0], ldb_close(db));
  return NULL;
}

/* A close waits for the sync in flight, and what it acknowledges is there at the next open. */
static void close_group(void) {
  pthread_t threads[THREADS], closer;
  char key[32];
  open_at("closed");
  form_group(threads);
  pthread_create(&closer, NULL, close_database, NULL);
  usleep(20000);
  release_sync();
  pthread_join(closer, NULL);
  join(0, THREADS, threads);
  CHECK(atomic_load(&statuses[0]) == LDB_OK);
  open_at("closed");
  for (int thread = 1; thread < THREADS; thread++) {
    name_key(key, "g", thread, 0);
    if (atomic_load(&statuses[thread]) == LDB_OK) CHECK(has_value(db, key, key));
    else CHECK(atomic_load(&statuses[thread]) == LDB_CLOSED);
  }
  OK(ldb_close(db));
}

/* -- Kill -- */

static int report_to;

static void *write_until_killed(void *argument) {
  for (uint32_t index = 0;; index++) {
    char key[32];
    name_key(key, "x", (int)(intptr_t)argument, (int)index);
    if (put(db, key, key) != LDB_OK) _exit(1);
    if (write(report_to, key, sizeof key) != sizeof key) _exit(2);
  }
}

/* A child that is killed while eight threads write: what it has acknowledged is there. Before this process uses the library. */
static void kill_writers(void) {
  int ends[2], acknowledged = 0;
  static char keys[4096][32];
  CHECK(pipe(ends) == 0);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    pthread_t threads[THREADS];
    report_to = ends[1];
    atomic_store(&delay_us, 500);
    open_at("killed");
    run(write_until_killed, 0, THREADS, threads);
    for (;;) pause();
  }
  close(ends[1]);
  while (acknowledged < 4096 && read(ends[0], keys[acknowledged], 32) == 32)
    if (++acknowledged == 150) kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  close(ends[0]);
  CHECK(acknowledged >= 150);
  open_at("killed");
  for (int index = 0; index < acknowledged; index++) CHECK(has_value(db, keys[index], keys[index]));
  OK(ldb_close(db));
}

int main(int count, char **values) {
  if (count != 2) return 2;
  snprintf(root, sizeof root, "%s", values[1]);
  kill_writers();
  count_syncs();
  mix();
  look_at_group();
  fail_group();
  close_group();
  CHECK(atomic_load(&failed) == 0);
  return report();
}
