/* loader.c: a host that loads and unloads the library again and again, also while its threads live on. loader DIRECTORY LIBRARY ROUNDS */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ldb.h>

/* Every so many rounds, a database is used. */
#define USE_EVERY 25

static int check_count, failure_count;

#define CHECK(condition) \
  do { \
    check_count++; \
    if (!(condition)) { \
      failure_count++; \
      printf("%s:%d: %s\n", __FILE__, __LINE__, #condition); \
    } \
  } while (0)

static int32_t (*open_database)(const char *, const ldb_open_options *, ldb_handle *);
static int32_t (*close_handle)(ldb_handle);
static int32_t (*put)(ldb_handle, const void *, size_t, const void *, size_t, const ldb_write_options *);
static int32_t (*count_entries)(ldb_handle, const ldb_range *, uint64_t *);
static const char *(*last_error)(void);
static uint32_t (*abi_version)(void);

static void find(void *library, const char *name, void *function) {
  void *symbol = dlsym(library, name);
  CHECK(symbol != NULL);
  memcpy(function, &symbol, sizeof symbol);
}

static void *load(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  CHECK(library != NULL);
  find(library, "ldb_open", &open_database);
  find(library, "ldb_close", &close_handle);
  find(library, "ldb_put", &put);
  find(library, "ldb_count", &count_entries);
  find(library, "ldb_last_error", &last_error);
  find(library, "ldb_abi_version", &abi_version);
  return library;
}

/* Periodic durability: the library starts a thread, which has to end before the code is unmapped. */
static void use(const char *path, int round) {
  ldb_handle db = 0;
  uint64_t count = 0;
  ldb_open_options options;
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  options.durability = LDB_DURABILITY_PERIODIC;
  options.sync_interval_ms = 1;
  CHECK(open_database(path, &options, &db) == LDB_OK);
  CHECK(put(db, &round, sizeof round, "a", 1, NULL) == LDB_OK);
  CHECK(count_entries(db, NULL, &count) == LDB_OK && count == (uint64_t)(round / USE_EVERY + 1));
  CHECK(close_handle(db) == LDB_OK);
}

static pthread_barrier_t unloaded;

/* Has an error text of its own, and ends after the library is unloaded. */
static void *outlive(void *argument) {
  (void)argument;
  CHECK(close_handle(0) == LDB_INVALID_ARGUMENT && strlen(last_error()) > 0);
  pthread_barrier_wait(&unloaded);
  pthread_barrier_wait(&unloaded);
  return NULL;
}

int main(int count, char **values) {
  char path[600];
  if (count != 4) return 2;
  int rounds = atoi(values[3]);
  snprintf(path, sizeof path, "%s/db", values[1]);
  for (int round = 0; round < rounds; round++) {
    void *library = load(values[2]);
    CHECK(abi_version() == LDB_ABI_VERSION);
    if (round % USE_EVERY == 0) use(path, round);
    CHECK(dlclose(library) == 0);
    /* It was really unloaded. */
    CHECK(dlopen(values[2], RTLD_NOW | RTLD_NOLOAD) == NULL);
  }
  for (int round = 0; round < 20; round++) {
    pthread_t thread;
    void *library = load(values[2]);
    pthread_barrier_init(&unloaded, NULL, 2);
    CHECK(pthread_create(&thread, NULL, outlive, NULL) == 0);
    pthread_barrier_wait(&unloaded);
    CHECK(dlclose(library) == 0);
    pthread_barrier_wait(&unloaded);
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&unloaded);
  }
  printf("%d checks, %d failed\n", check_count, failure_count);
  return failure_count == 0 ? 0 : 1;
}
