/* api.c: every function does what ldb.h says. Argument: an empty directory. */
#include <unistd.h>

#include "check.h"

static char root[512];

static const char *below(const char *name) {
  static char paths[4][600];
  static int next;
  char *path = paths[next++ % 4];
  snprintf(path, 600, "%s/%s", root, name);
  return path;
}

static void test_library(void) {
  CHECK(ldb_abi_version() == LDB_ABI_VERSION);
  CHECK(strchr(ldb_version(), '.') != NULL);
  CHECK(strncmp(ldb_engine_name(), "quickjs", 7) == 0);
  CHECK(strcmp(ldb_status_name(LDB_LOCKED), "LDB_LOCKED") == 0);
  CHECK(strcmp(ldb_status_name(-999), "LDB_UNKNOWN") == 0);
}

static void test_entries(ldb_handle db) {
  char buffer[8];
  size_t length = 99;
  void *value = NULL;
  OK(ldb_put(db, "", 0, "", 0, NULL));
  OK(ldb_get(db, NULL, 0, NULL, 0, &length));
  CHECK(length == 0);
  OK(put(db, "long", "0123456789"));
  EXPECT(LDB_BUFFER_TOO_SMALL, ldb_get(db, "long", 4, buffer, sizeof buffer, &length));
  CHECK(length == 10);
  OK(ldb_get_alloc(db, "long", 4, &value, &length));
  CHECK(length == 10 && memcmp(value, "0123456789", 10) == 0);
  ldb_free(value);
  EXPECT(LDB_ABSENT, ldb_get_alloc(db, "none", 4, &value, &length));
  OK(ldb_has(db, "long", 4));
  EXPECT(LDB_ABSENT, ldb_has(db, "lon", 3));
  OK(ldb_delete(db, "long", 4, NULL));
  OK(ldb_delete(db, "long", 4, NULL));
  EXPECT(LDB_ABSENT, ldb_has(db, "long", 4));
  OK(ldb_delete(db, "", 0, NULL));
  size_t large_bytes = 5u << 20;
  char *large = malloc(large_bytes);
  memset(large, 'x', large_bytes);
  OK(ldb_put(db, "large", 5, large, large_bytes, NULL));
  OK(ldb_get_alloc(db, "large", 5, &value, &length));
  CHECK(length == large_bytes && memcmp(value, large, length) == 0);
  ldb_free(value);
  free(large);
  ldb_write_options options = {sizeof options, LDB_DURABILITY_NONE, 1};
  OK(ldb_put(db, "brief", 5, "1", 1, &options));
  usleep(20000);
  EXPECT(LDB_ABSENT, ldb_has(db, "brief", 5));
  options.ttl_ms = -1;
  OK(ldb_put(db, "lasting", 7, "1", 1, &options));
  OK(ldb_has(db, "lasting", 7));
}

static void test_ranges(ldb_handle db) {
  ldb_handle keyspace = 0;
  uint64_t count = 0;
  char key[16];
  ldb_keyspace_options options;
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  options.engine = LDB_ENGINE_LSM;
  OK(ldb_keyspace_open(db, "ranges", &options, &keyspace));
  for (int i = 0; i < 100; i++) {
    snprintf(key, sizeof key, "k%02d", i);
    OK(put(keyspace, key, key));
  }
  OK(ldb_count(keyspace, NULL, &count));
  CHECK(count == 100);
  ldb_range range = {sizeof range, LDB_BOUND_GTE | LDB_BOUND_LT, "k10", 3, "k20", 3};
  OK(ldb_count(keyspace, &range, &count));
  CHECK(count == 10);
  range.bounds = LDB_BOUND_GT | LDB_BOUND_LTE;
  OK(ldb_count(keyspace, &range, &count));
  CHECK(count == 10);
  OK(ldb_delete_range(keyspace, &range, NULL));
  CHECK(has_value(keyspace, "k10", "k10") && !has_value(keyspace, "k20", "k20"));
  ldb_range prefix = {sizeof prefix, LDB_BOUND_PREFIX, "k9", 2, NULL, 0};
  OK(ldb_count(keyspace, &prefix, &count));
  CHECK(count == 10);
  ldb_range none = {sizeof none, 0, NULL, 0, NULL, 0};
  EXPECT(LDB_INVALID_ARGUMENT, ldb_delete_range(keyspace, &none, NULL));
  options.engine = LDB_ENGINE_BTREE;
  ldb_handle other = 0;
  EXPECT(LDB_EXISTS, ldb_keyspace_open(db, "ranges", &options, &other));
  OK(ldb_keyspace_open(db, "ranges", NULL, &other));
  CHECK(other != keyspace && has_value(other, "k00", "k00"));
  char *json = NULL;
  OK(ldb_keyspace_list(db, &json));
  CHECK(json != NULL && strstr(json, "\"name\":\"ranges\"") != NULL && strstr(json, "\"engine\":\"lsm\"") != NULL);
  ldb_free(json);
  OK(ldb_keyspace_drop(db, "ranges"));
  EXPECT(LDB_NOT_FOUND, put(other, "a", "b"));
  EXPECT(LDB_NOT_FOUND, ldb_keyspace_drop(db, "ranges"));
  OK(ldb_close(keyspace));
  OK(ldb_close(other));
  OK(ldb_keyspace_open(db, "ranges", NULL, &keyspace));
  OK(ldb_count(keyspace, NULL, &count));
  CHECK(count == 0);
  OK(ldb_close(keyspace));
}

static void test_batches(ldb_handle db) {
  ldb_handle keyspace = 0, batch = 0;
  OK(ldb_keyspace_open(db, "batches", NULL, &keyspace));
  OK(ldb_batch_open(db, &batch));
  OK(ldb_batch_put(batch, db, "b1", 2, "1", 1, NULL));
  OK(ldb_batch_put(batch, keyspace, "b2", 2, "2", 1, NULL));
  OK(ldb_batch_put(batch, keyspace, "c", 1, "3", 1, NULL));
  OK(ldb_batch_delete(batch, keyspace, "c", 1));
  ldb_range range = {sizeof range, LDB_BOUND_PREFIX, "b", 1, NULL, 0};
  OK(ldb_batch_delete_range(batch, db, &range));
  OK(ldb_batch_put(batch, db, "b3", 2, "3", 1, NULL));
  CHECK(!has_value(keyspace, "b2", "2"));
  /* The handle of a keyspace may be closed before the commit. */
  OK(ldb_close(keyspace));
  OK(ldb_keyspace_open(db, "other", NULL, &keyspace));
  OK(ldb_batch_commit(batch, NULL));
  EXPECT(LDB_ABSENT, ldb_has(keyspace, "b2", 2));
  OK(ldb_close(keyspace));
  OK(ldb_keyspace_open(db, "batches", NULL, &keyspace));
  CHECK(has_value(keyspace, "b2", "2") && !has_value(keyspace, "c", "3"));
  CHECK(has_value(db, "b3", "3") && !has_value(db, "b1", "1"));
  OK(ldb_batch_put(batch, db, "b4", 2, "4", 1, NULL));
  OK(ldb_batch_clear(batch));
  OK(ldb_batch_commit(batch, NULL));
  EXPECT(LDB_ABSENT, ldb_has(db, "b4", 2));
  OK(ldb_close(batch));
  OK(ldb_close(keyspace));
}

static void test_iterators(ldb_handle db) {
  ldb_handle keyspace = 0, iterator = 0;
  const void *key = NULL, *value = NULL;
  size_t key_bytes = 0, value_bytes = 0, used = 0;
  uint32_t count = 0, total = 0;
  char text[16], buffer[64];
  OK(ldb_keyspace_open(db, "iterated", NULL, &keyspace));
  for (int i = 0; i < 10; i++) {
    snprintf(text, sizeof text, "i%d", i);
    OK(put(keyspace, text, text));
  }
  OK(ldb_iterator_open(keyspace, NULL, &iterator));
  OK(put(keyspace, "i9x", "later"));
  EXPECT(LDB_ABSENT, ldb_iterator_entry(iterator, &key, &key_bytes, &value, &value_bytes));
  OK(ldb_iterator_next(iterator));
  OK(ldb_iterator_entry(iterator, &key, &key_bytes, &value, &value_bytes));
  CHECK(key_bytes == 2 && memcmp(key, "i0", 2) == 0 && value_bytes == 2 && memcmp(value, "i0", 2) == 0);
  OK(ldb_iterator_seek(iterator, "i4x", 3));
  OK(ldb_iterator_entry(iterator, &key, &key_bytes, NULL, NULL));
  CHECK(memcmp(key, "i5", 2) == 0);
  OK(ldb_iterator_previous(iterator));
  OK(ldb_iterator_last(iterator));
  OK(ldb_iterator_entry(iterator, &key, &key_bytes, NULL, NULL));
  CHECK(memcmp(key, "i9", 2) == 0 && key_bytes == 2);
  EXPECT(LDB_ABSENT, ldb_iterator_next(iterator));
  OK(ldb_iterator_first(iterator));
  EXPECT(LDB_BUFFER_TOO_SMALL, ldb_iterator_next_batch(iterator, buffer, 4, &used, &count));
  CHECK(count == 0 && used == 12);
  /* An entry has 12 bytes: five fit. The first was passed by `first`. */
  while (ldb_iterator_next_batch(iterator, buffer, sizeof buffer, &used, &count) == LDB_OK) {
    CHECK(used == count * 12u && memcmp(buffer + 8, total == 0 ? "i1" : "i6", 2) == 0);
    total += count;
  }
  CHECK(total == 9);
  EXPECT(LDB_ABSENT, ldb_iterator_next_batch(iterator, buffer, sizeof buffer, &used, &count));
  OK(ldb_close(iterator));
  ldb_range range = {sizeof range, LDB_BOUND_GTE | LDB_BOUND_REVERSE, "i5", 2, NULL, 0};
  OK(ldb_iterator_open(keyspace, &range, &iterator));
  OK(ldb_iterator_first(iterator));
  OK(ldb_iterator_entry(iterator, &key, &key_bytes, NULL, NULL));
  CHECK(key_bytes == 3 && memcmp(key, "i9x", 3) == 0);
  OK(ldb_close(iterator));
  OK(ldb_close(keyspace));
}

static void test_transactions(ldb_handle db) {
  ldb_handle first = 0, second = 0, in_first = 0, in_second = 0, snapshot = 0, frozen = 0;
  uint32_t savepoint = 0;
  char buffer[8];
  size_t length = 0;
  OK(put(db, "t", "0"));
  OK(ldb_snapshot_open(db, &snapshot));
  OK(ldb_in(snapshot, db, &frozen));
  OK(ldb_transaction_begin(db, NULL, &first));
  OK(ldb_in(first, db, &in_first));
  OK(put(in_first, "t", "1"));
  CHECK(has_value(in_first, "t", "1") && has_value(db, "t", "0"));
  OK(ldb_transaction_savepoint(first, &savepoint));
  OK(put(in_first, "t", "2"));
  OK(ldb_transaction_rollback_to(first, savepoint));
  CHECK(has_value(in_first, "t", "1"));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_transaction_rollback_to(first, savepoint + 1));
  OK(ldb_transaction_begin(db, NULL, &second));
  OK(ldb_in(second, db, &in_second));
  OK(ldb_get_for_update(in_second, "t", 1, buffer, sizeof buffer, &length));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_get_for_update(db, "t", 1, buffer, sizeof buffer, &length));
  OK(put(in_second, "u", "2"));
  OK(ldb_transaction_commit(first, NULL));
  EXPECT(LDB_CLOSED, put(in_first, "t", "3"));
  EXPECT(LDB_CONFLICT, ldb_transaction_commit(second, NULL));
  OK(ldb_transaction_rollback(second));
  CHECK(has_value(db, "t", "1") && has_value(frozen, "t", "0"));
  EXPECT(LDB_READ_ONLY, put(frozen, "t", "1"));
  OK(ldb_close(snapshot));
  EXPECT(LDB_CLOSED, ldb_has(frozen, "t", 1));
  OK(ldb_close(frozen));
  OK(ldb_close(in_first));
  OK(ldb_close(first));
  OK(ldb_close(second));
  EXPECT(LDB_CLOSED, ldb_transaction_rollback(second));
  ldb_transaction_options options = {sizeof options, LDB_ISOLATION_SNAPSHOT, 1};
  OK(ldb_transaction_begin(db, &options, &first));
  OK(ldb_in(first, db, &in_first));
  EXPECT(LDB_READ_ONLY, put(in_first, "t", "9"));
  OK(ldb_close(first));
}

static uint32_t number(const unsigned char *bytes) {
  return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void test_changes(ldb_handle db) {
  ldb_handle keyspace = 0, changes = 0;
  void *commit = NULL;
  size_t length = 0;
  OK(ldb_keyspace_open(db, "changed", NULL, &keyspace));
  OK(ldb_changes_open(db, keyspace, -1, &changes));
  EXPECT(LDB_ABSENT, ldb_changes_poll(changes, &commit, &length));
  OK(put(keyspace, "key", "value"));
  OK(ldb_changes_poll(changes, &commit, &length));
  const unsigned char *bytes = commit;
  CHECK(length == 16 + 12 + 8 && number(bytes + 8) == 1 && number(bytes + 12) == 20);
  CHECK(number(bytes + 16) == LDB_CHANGE_PUT && number(bytes + 20) == 3 && memcmp(bytes + 28, "keyvalue", 8) == 0);
  ldb_free(commit);
  ldb_range range = {sizeof range, LDB_BOUND_GTE, "k", 1, NULL, 0};
  OK(ldb_delete_range(keyspace, &range, NULL));
  OK(ldb_changes_poll(changes, &commit, &length));
  bytes = commit;
  CHECK(number(bytes + 16) == LDB_CHANGE_DELETE_RANGE && number(bytes + 20) == 1 && number(bytes + 24) == 0xffffffffu);
  ldb_free(commit);
  EXPECT(LDB_ABSENT, ldb_changes_poll(changes, &commit, &length));
  OK(ldb_close(changes));
  EXPECT(LDB_CLOSED, ldb_changes_poll(changes, &commit, &length));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_changes_open(db, keyspace, 1000000, &changes));
  OK(ldb_close(keyspace));
}

static void test_maintenance(ldb_handle db, const char *path) {
  char *json = NULL;
  OK(ldb_sync(db));
  OK(ldb_checkpoint(db));
  OK(ldb_compact(db));
  OK(ldb_stats(db, &json));
  CHECK(strstr(json, "\"commitCount\":") != NULL);
  ldb_free(json);
  OK(ldb_verify(db, &json));
  CHECK(strstr(json, "\"ok\":true") != NULL);
  ldb_free(json);
  OK(ldb_backup(db, below("backup"), 0, &json));
  CHECK(strstr(json, "\"seq\":") != NULL);
  ldb_free(json);
  EXPECT(LDB_EXISTS, ldb_backup(db, below("backup"), 0, NULL));
  OK(put(db, "after", "backup"));
  OK(ldb_backup(db, below("backup"), 1, NULL));
  EXPECT(LDB_LOCKED, ldb_destroy(path));
  EXPECT(LDB_LOCKED, ldb_verify_directory(path, NULL, &json));
}

/* The report of an encrypted database is whole: the secret of the call is in the same memory. */
static void test_encrypted_directory(void) {
  static const unsigned char key[32] = "an encrypted directory";
  const ldb_secret secret = {sizeof secret, key, sizeof key, NULL};
  ldb_open_options options;
  ldb_handle db = 0;
  char *json = NULL;
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  options.secret = &secret;
  OK(ldb_open(below("secret"), &options, &db));
  OK(ldb_close(db));
  EXPECT(LDB_KEY, ldb_verify_directory(below("secret"), NULL, &json));
  OK(ldb_verify_directory(below("secret"), &secret, &json));
  CHECK(strstr(json, "\"ok\":true") != NULL && strlen(json) > 300 && json[strlen(json) - 1] == '}');
  ldb_free(json);
}

static void test_directories(const char *path) {
  char *json = NULL;
  ldb_handle db = 0;
  OK(ldb_verify_directory(path, NULL, &json));
  CHECK(strstr(json, "\"ok\":true") != NULL);
  ldb_free(json);
  OK(ldb_restore(below("backup"), below("restored"), NULL, -1, NULL));
  OK(ldb_open(below("restored"), NULL, &db));
  CHECK(has_value(db, "after", "backup"));
  OK(ldb_close(db));
  EXPECT(LDB_EXISTS, ldb_restore(below("backup"), below("restored"), NULL, -1, NULL));
  test_encrypted_directory();
  OK(ldb_repair(path, below("repaired"), NULL, &json));
  ldb_free(json);
  OK(ldb_open(below("repaired"), NULL, &db));
  CHECK(has_value(db, "after", "backup"));
  OK(ldb_close(db));
  OK(ldb_destroy(path));
  EXPECT(LDB_NOT_FOUND, ldb_destroy(path));
}

int main(int count, char **values) {
  ldb_handle db = 0, memory = 0;
  if (count != 2) return 2;
  snprintf(root, sizeof root, "%s", values[1]);
  const char *path = strdup(below("db"));
  test_library();
  ldb_open_options options;
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  options.durability = LDB_DURABILITY_PERIODIC;
  options.flags = LDB_OPEN_EXISTING;
  EXPECT(LDB_NOT_FOUND, ldb_open(path, &options, &db));
  options.flags = LDB_OPEN_NEW;
  OK(ldb_open(path, &options, &db));
  test_entries(db);
  test_ranges(db);
  test_batches(db);
  test_iterators(db);
  test_transactions(db);
  test_changes(db);
  test_maintenance(db, path);
  OK(ldb_open(NULL, NULL, &memory));
  OK(put(memory, "in", "memory"));
  CHECK(has_value(memory, "in", "memory"));
  OK(ldb_close(memory));
  OK(ldb_close(db));
  EXPECT(LDB_CLOSED, ldb_close(db));
  EXPECT(LDB_EXISTS, ldb_open(path, &options, &db));
  options.flags = LDB_OPEN_READ_ONLY;
  OK(ldb_open(path, &options, &db));
  EXPECT(LDB_READ_ONLY, put(db, "a", "b"));
  CHECK(has_value(db, "after", "backup"));
  OK(ldb_close(db));
  test_directories(path);
  free((void *)path);
  return report();
}
