/* abuse.c: wrong arguments, closed and foreign handles, forks. Nothing crashes, and every call says what is wrong. */
#include <pthread.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

/* Calls every function that takes a handle first. Returns how many statuses are not the expected one. */
static int misuse(ldb_handle handle, ldb_handle db, int32_t expected) {
  char buffer[8], *json = NULL;
  size_t length = 0;
  uint32_t number = 0;
  uint64_t count = 0;
  void *memory = NULL;
  ldb_handle out = 0;
  ldb_range range = {sizeof range, LDB_BOUND_GTE, "a", 1, NULL, 0};
  const int32_t statuses[] = {
      ldb_close(handle),
      ldb_sync(handle),
      ldb_checkpoint(handle),
      ldb_compact(handle),
      ldb_verify(handle, &json),
      ldb_stats(handle, &json),
      ldb_backup(handle, "backup", 0, NULL),
      ldb_keyspace_open(handle, "a", NULL, &out),
      ldb_keyspace_drop(handle, "a"),
      ldb_keyspace_list(handle, &json),
      ldb_put(handle, "a", 1, "b", 1, NULL),
      ldb_get(handle, "a", 1, buffer, sizeof buffer, &length),
      ldb_get_alloc(handle, "a", 1, &memory, &length),
      ldb_get_for_update(handle, "a", 1, buffer, sizeof buffer, &length),
      ldb_has(handle, "a", 1),
      ldb_delete(handle, "a", 1, NULL),
      ldb_delete_range(handle, &range, NULL),
      ldb_count(handle, NULL, &count),
      ldb_batch_open(handle, &out),
      ldb_batch_put(handle, db, "a", 1, "b", 1, NULL),
      ldb_batch_delete(handle, db, "a", 1),
      ldb_batch_delete_range(handle, db, &range),
      ldb_batch_clear(handle),
      ldb_batch_commit(handle, NULL),
      ldb_iterator_open(handle, NULL, &out),
      ldb_iterator_first(handle),
      ldb_iterator_last(handle),
      ldb_iterator_seek(handle, "a", 1),
      ldb_iterator_next(handle),
      ldb_iterator_previous(handle),
      ldb_iterator_entry(handle, NULL, NULL, NULL, NULL),
      ldb_iterator_next_batch(handle, buffer, sizeof buffer, &length, &number),
      ldb_snapshot_open(handle, &out),
      ldb_transaction_begin(handle, NULL, &out),
      ldb_in(handle, db, &out),
      ldb_transaction_commit(handle, NULL),
      ldb_transaction_rollback(handle),
      ldb_transaction_savepoint(handle, &number),
      ldb_transaction_rollback_to(handle, 1),
      ldb_changes_open(handle, db, -1, &out),
      ldb_changes_poll(handle, &memory, &length),
  };
  int wrong = 0;
  for (size_t index = 0; index < sizeof statuses / sizeof *statuses; index++) {
    if (statuses[index] != expected) {
      printf("function %zu: %s, not %s\n", index, ldb_status_name(statuses[index]), ldb_status_name(expected));
      wrong++;
    }
  }
  CHECK(out == 0 && json == NULL && memory == NULL);
  return wrong;
}

static void test_handles(ldb_handle db) {
  ldb_handle keyspace = 0, again = 0, other = 0, view = 0, batch = 0, snapshot = 0;
  CHECK(misuse(0, db, LDB_INVALID_ARGUMENT) == 0);
  CHECK(misuse(UINT64_MAX, db, LDB_INVALID_ARGUMENT) == 0);
  CHECK(misuse(12345, db, LDB_INVALID_ARGUMENT) == 0);
  CHECK(misuse(db + ((uint64_t)1 << 40), db, LDB_INVALID_ARGUMENT) == 0);
  OK(ldb_keyspace_open(db, "k", NULL, &keyspace));
  OK(ldb_close(keyspace));
  CHECK(misuse(keyspace, db, LDB_CLOSED) == 0);
  /* The slot is in use again: the old handle stays closed. */
  OK(ldb_keyspace_open(db, "k", NULL, &again));
  CHECK(again != keyspace && (uint32_t)again == (uint32_t)keyspace);
  CHECK(misuse(keyspace, db, LDB_CLOSED) == 0);
  /* Handles of another kind. */
  EXPECT(LDB_INVALID_ARGUMENT, ldb_sync(again));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_iterator_next(db));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_batch_commit(again, NULL));
  /* Handles of another database. */
  OK(ldb_open(NULL, NULL, &other));
  OK(ldb_batch_open(db, &batch));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_batch_put(batch, other, "a", 1, "b", 1, NULL));
  OK(ldb_snapshot_open(db, &snapshot));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_in(snapshot, other, &view));
  OK(ldb_in(snapshot, again, &view));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_in(snapshot, view, &view));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_batch_put(batch, view, "a", 1, "b", 1, NULL));
  /* A database that is closed with live handles. */
  ldb_handle live[6], iterator = 0;
  OK(ldb_batch_open(other, &live[0]));
  OK(ldb_keyspace_open(other, "k", NULL, &live[1]));
  OK(ldb_iterator_open(other, NULL, &live[2]));
  OK(ldb_snapshot_open(other, &live[3]));
  OK(ldb_transaction_begin(other, NULL, &live[4]));
  OK(ldb_changes_open(other, other, -1, &live[5]));
  OK(ldb_close(other));
  EXPECT(LDB_CLOSED, ldb_iterator_next(live[2]));
  EXPECT(LDB_CLOSED, ldb_iterator_open(live[1], NULL, &iterator));
  for (int index = 0; index < 6; index++) {
    OK(ldb_close(live[index]));
    EXPECT(LDB_CLOSED, ldb_close(live[index]));
  }
  OK(ldb_close(batch));
  OK(ldb_close(view));
  OK(ldb_close(snapshot));
  OK(ldb_close(again));
}

static void test_arguments(ldb_handle db) {
  static char large[70000];
  char buffer[8], *json = NULL;
  size_t length = 0;
  uint64_t count = 0;
  ldb_handle out = 0;
  void *memory = NULL;
  EXPECT(LDB_INVALID_ARGUMENT, ldb_open("", NULL, &out));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_open("a", NULL, NULL));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_open("\xff\xfe", NULL, &out));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_put(db, NULL, 1, "a", 1, NULL));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_put(db, "a", 1, NULL, 1, NULL));
  EXPECT(LDB_TOO_LARGE, ldb_put(db, large, 65536, "a", 1, NULL));
  OK(ldb_put(db, large, 65535, "a", 1, NULL));
  OK(ldb_delete(db, large, 65535, NULL));
  EXPECT(LDB_TOO_LARGE, ldb_put(db, "a", 1, large, ((size_t)1 << 30) + 1, NULL));
  EXPECT(LDB_TOO_LARGE, ldb_get(db, large, SIZE_MAX, buffer, sizeof buffer, &length));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_get(db, "a", 1, NULL, 8, &length));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_get(db, "a", 1, buffer, 8, NULL));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_get_alloc(db, "a", 1, NULL, &length));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_get_alloc(db, "a", 1, &memory, NULL));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_count(db, NULL, NULL));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_verify(db, NULL));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_keyspace_open(db, NULL, NULL, &out));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_keyspace_open(db, "", NULL, &out));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_keyspace_open(db, large, NULL, &out));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_keyspace_drop(db, "default"));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_backup(db, NULL, 0, NULL));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_backup(db, "", 0, NULL));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_destroy(NULL));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_restore("a", NULL, NULL, -1, NULL));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_repair(NULL, "a", NULL, NULL));
  EXPECT(LDB_NOT_FOUND, ldb_verify_directory("/no/such/directory", NULL, &json));
  ldb_range range = {sizeof range, LDB_BOUND_GTE | LDB_BOUND_GT, "a", 1, NULL, 0};
  EXPECT(LDB_INVALID_ARGUMENT, ldb_count(db, &range, &count));
  range.bounds = 64;
  EXPECT(LDB_INVALID_ARGUMENT, ldb_count(db, &range, &count));
  range.bounds = LDB_BOUND_LT;
  range.upper_bytes = 1;
  EXPECT(LDB_INVALID_ARGUMENT, ldb_count(db, &range, &count));
  CHECK(strlen(ldb_last_error()) > 0);
  OK(ldb_has(db, "nothing", 7) == LDB_ABSENT ? LDB_OK : LDB_INVARIANT);
  CHECK(strlen(ldb_last_error()) == 0);
}

static void test_options(ldb_handle db) {
  ldb_handle out = 0;
  struct {
    ldb_write_options options;
    char beyond[16];
  } newer;
  ldb_write_options options = {0, 0, 0};
  EXPECT(LDB_INVALID_ARGUMENT, ldb_put(db, "a", 1, "b", 1, &options));
  options.size = sizeof options;
  options.durability = 9;
  EXPECT(LDB_INVALID_ARGUMENT, ldb_put(db, "a", 1, "b", 1, &options));
  options.durability = 0;
  options.ttl_ms = -5;
  EXPECT(LDB_INVALID_ARGUMENT, ldb_put(db, "a", 1, "b", 1, &options));
  options.ttl_ms = 0.0 / 0.0;
  EXPECT(LDB_INVALID_ARGUMENT, ldb_put(db, "a", 1, "b", 1, &options));
  /* A structure of an older header ends before a member: the member has its default. */
  options.size = offsetof(ldb_write_options, ttl_ms);
  OK(ldb_put(db, "a", 1, "b", 1, &options));
  /* One of a newer header may be longer as long as what is new is zero. */
  memset(&newer, 0, sizeof newer);
  newer.options.size = sizeof newer;
  OK(ldb_put(db, "a", 1, "b", 1, &newer.options));
  newer.beyond[15] = 1;
  EXPECT(LDB_INVALID_ARGUMENT, ldb_put(db, "a", 1, "b", 1, &newer.options));
  ldb_open_options open;
  memset(&open, 0, sizeof open);
  open.size = sizeof open;
  open.engine = 77;
  EXPECT(LDB_INVALID_ARGUMENT, ldb_open(NULL, &open, &out));
  open.engine = 0;
  open.flags = 8;
  EXPECT(LDB_INVALID_ARGUMENT, ldb_open(NULL, &open, &out));
  open.flags = 0;
  open.cache_bytes = 1;
  EXPECT(LDB_INVALID_ARGUMENT, ldb_open(NULL, &open, &out));
  open.cache_bytes = 0;
  ldb_secret secret = {sizeof secret, "short", 5, NULL};
  open.secret = &secret;
  EXPECT(LDB_INVALID_ARGUMENT, ldb_open(NULL, &open, &out));
  ldb_transaction_options transaction = {sizeof transaction, 7, 0};
  EXPECT(LDB_INVALID_ARGUMENT, ldb_transaction_begin(db, &transaction, &out));
  CHECK(out == 0);
}

static void test_fork(ldb_handle db) {
  ldb_handle out = 0;
  pid_t child = fork();
  if (child == 0) {
    int is_refused = misuse(db, db, LDB_FORKED) == 0 && ldb_open(NULL, NULL, &out) == LDB_FORKED && ldb_destroy("a") == LDB_FORKED;
    _exit(is_refused ? 7 : 8);
  }
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7);
  OK(put(db, "after", "fork"));
}

/* Runs in a thread with a small stack. */
static void *run_small(void *argument) {
  ldb_handle db = *(ldb_handle *)argument, iterator = 0;
  char *json = NULL;
  OK(put(db, "small", "stack"));
  OK(ldb_iterator_open(db, NULL, &iterator));
  OK(ldb_iterator_next(iterator));
  OK(ldb_close(iterator));
  OK(ldb_verify(db, &json));
  ldb_free(json);
  return NULL;
}

static void test_small_stack(ldb_handle db, size_t stack_bytes) {
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, stack_bytes);
  CHECK(pthread_create(&thread, &attributes, run_small, &db) == 0);
  pthread_join(thread, NULL);
  pthread_attr_destroy(&attributes);
}

int main(int count, char **values) {
  ldb_handle db = 0;
  char path[600];
  if (count != 2) return 2;
  snprintf(path, sizeof path, "%s/db", values[1]);
  OK(ldb_open(path, NULL, &db));
  test_handles(db);
  test_arguments(db);
  test_options(db);
  test_fork(db);
  test_small_stack(db, 256 * 1024);
  char *json = NULL;
  OK(ldb_verify(db, &json));
  CHECK(json != NULL && strstr(json, "\"ok\":true") != NULL);
  ldb_free(json);
  OK(ldb_close(db));
  return report();
}
