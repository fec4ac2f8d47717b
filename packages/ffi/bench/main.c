/*
 * main.c: rows of the C library beside LevelDB's C API and SQLite, in one run.
 *
 * bench DIRECTORY ENTRIES. Prints a line for each row and store: row, store, number, unit. Wall time, the best of several rounds.
 */
#include "bench.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ldb.h"

#define ROUNDS 3
#define THREADS 8

static const struct store *const stores[] = {&ldb_store,
#ifdef HAVE_LEVELDB
                                             &leveldb_store,
#endif
#ifdef HAVE_SQLITE
                                             &sqlite_store,
#endif
                                             NULL};
static const struct store *store;
static const char *root;
static uint32_t entry_count, gets_each, puts_each;

static double now_us(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void report(const char *row, const char *name, double number, const char *unit) {
  printf("%s\t%s\t%.3f\t%s\n", row, name, number, unit);
  fflush(stdout);
}

static uint32_t next_random(uint32_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  return *state ^= *state << 5;
}

static void *get_many(void *argument) {
  uint32_t seed = 77 + (uint32_t)(uintptr_t)argument;
  char key[KEY_BYTES], value[VALUE_BYTES];
  for (uint32_t index = 0; index < gets_each; index++) {
    make_key(next_random(&seed) % entry_count, key);
    if (store->get(key, value) != VALUE_BYTES) stop(store->name, "a value has another length");
  }
  return NULL;
}

static void *put_many(void *argument) {
  char key[KEY_BYTES], value[VALUE_BYTES] = "another value";
  uint32_t start = entry_count + (uint32_t)(uintptr_t)argument * puts_each;
  for (uint32_t index = 0; index < puts_each; index++) {
    make_key(start + index, key);
    store->put(key, value);
  }
  return NULL;
}

static double run_threads(void *(*task)(void *), uintptr_t count) {
  pthread_t threads[THREADS];
  double start = now_us();
  for (uintptr_t index = 0; index < count; index++) pthread_create(&threads[index], NULL, task, (void *)index);
  for (uintptr_t index = 0; index < count; index++) pthread_join(threads[index], NULL);
  return now_us() - start;
}

#define BEST(time, expression) \
  do { \
    time = 1e18; \
    for (int round_ = 0; round_ < ROUNDS; round_++) { \
      double time_ = (expression); \
      if (time_ < time) time = time_; \
    } \
  } while (0)

static double time_scan(void) {
  double start = now_us();
  if (store->scan() < entry_count) stop(store->name, "the scan has too few entries");
  return now_us() - start;
}

/* A get through a snapshot calls the engine. */
static double time_entering_gets(ldb_handle view) {
  uint32_t seed = 99, count = gets_each / 10 + 1;
  char key[KEY_BYTES], value[VALUE_BYTES];
  size_t length = 0;
  double start = now_us();
  for (uint32_t index = 0; index < count; index++) {
    make_key(next_random(&seed) % entry_count, key);
    if (ldb_get(view, key, KEY_BYTES, value, sizeof value, &length) != LDB_OK) stop("ldb_get", ldb_last_error());
  }
  return (now_us() - start) / count;
}

static void measure_entering(const char *path) {
  ldb_handle db = 0, snapshot = 0, view = 0;
  double time;
  if (ldb_open(path, NULL, &db) != LDB_OK || ldb_snapshot_open(db, &snapshot) != LDB_OK || ldb_in(snapshot, db, &view) != LDB_OK)
    stop("ldb", ldb_last_error());
  BEST(time, time_entering_gets(view));
  report("get that calls the engine", "ldb", time, "us");
  ldb_close(db);
}

static void measure(void) {
  char path[600];
  double time;
  snprintf(path, sizeof path, "%s/%s", root, store->name);
  store->open(path, false);
  time = now_us();
  for (uint32_t number = 0; number < entry_count; number += 100) store->put_batch(number, 100);
  report("put in a batch of 100", store->name, (now_us() - time) / entry_count, "us");
  report("put", store->name, run_threads(put_many, 1) / puts_each, "us");
  get_many(NULL);
  BEST(time, run_threads(get_many, 1));
  report("get", store->name, time / gets_each, "us");
  /* SQLite has a connection for each thread, which is another benchmark. */
  if (strcmp(store->name, "sqlite") != 0) {
    report("gets a second, 1 thread", store->name, gets_each / time, "M");
    BEST(time, run_threads(get_many, 4));
    report("gets a second, 4 threads", store->name, 4.0 * gets_each / time, "M");
  }
  BEST(time, time_scan());
  report("packed scan", store->name, time * 1e3 / entry_count, "ns");
  store->close();
  if (store == &ldb_store) measure_entering(path);

  snprintf(path, sizeof path, "%s/%s-synced", root, store->name);
  store->open(path, true);
  puts_each = puts_each / 10 + 1;
  double alone = run_threads(put_many, 1) / puts_each;
  report("synced put, 1 thread", store->name, alone, "us");
  if (strcmp(store->name, "sqlite") != 0)
    report("synced put, 8 threads", store->name, run_threads(put_many, THREADS) / puts_each / THREADS, "us");
  puts_each = (puts_each - 1) * 10;
  store->close();
}

/* Resident bytes of this process. */
static double resident_mb(void) {
  long pages = 0, resident = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file == NULL || fscanf(file, "%ld %ld", &pages, &resident) != 2) resident = 0;
  if (file != NULL) fclose(file);
  return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

/* In a process of its own, before the others use memory. */
static void measure_open(void) {
  char path[600];
  fflush(stdout);
  pid_t child = fork();
  if (child < 0) stop("fork", NULL);
  if (child > 0) {
    waitpid(child, NULL, 0);
    return;
  }
  double before = resident_mb(), start = now_us();
  snprintf(path, sizeof path, "%s/%s-empty", root, store->name);
  store->open(path, false);
  report("first open", store->name, (now_us() - start) / 1e3, "ms");
  report("resident memory of an empty database", store->name, resident_mb() - before, "MB");
  store->close();
  fflush(stdout);
  _exit(0);
}

int main(int count, char **values) {
  if (count != 3) return 2;
  root = values[1];
  entry_count = (uint32_t)atoi(values[2]) / 100 * 100;
  gets_each = entry_count * 2;
  puts_each = entry_count / 20 + 10;
  for (int index = 0; stores[index] != NULL; index++) {
    store = stores[index];
    measure_open();
  }
  for (int index = 0; stores[index] != NULL; index++) {
    store = stores[index];
    measure();
  }
  return 0;
}
