/* stores.c: the C library, LevelDB and SQLite behind one interface. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ldb.h"

#define SCAN_BYTES (256 * 1024)
static const char filling[VALUE_BYTES] = "a value of the benchmark";

_Noreturn void stop(const char *what, const char *text) {
  fprintf(stderr, "%s: %s\n", what, text == NULL ? "" : text);
  exit(1);
}

/* Scattered, and all different. */
void make_key(uint32_t number, char key[KEY_BYTES]) {
  uint64_t bits = (uint64_t)number * 0x9e3779b97f4a7c15ull;
  for (int index = KEY_BYTES - 1; index >= 0; index--, bits >>= 4) key[index] = "0123456789abcdef"[bits & 15];
}

/* -- LDB -- */

static ldb_handle ldb;
static char scanned[SCAN_BYTES];

static void check(int32_t status) {
  if (status != LDB_OK) stop(ldb_status_name(status), ldb_last_error());
}

static void ldb_open_store(const char *path, bool is_synced) {
  ldb_open_options options;
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  options.durability = is_synced ? LDB_DURABILITY_FULL : LDB_DURABILITY_PERIODIC;
  check(ldb_open(path, &options, &ldb));
}

static void ldb_close_store(void) { check(ldb_close(ldb)); }

static void ldb_put_entry(const char *key, const char *value) { check(ldb_put(ldb, key, KEY_BYTES, value, VALUE_BYTES, NULL)); }

static void ldb_put_entries(uint32_t number, uint32_t count) {
  ldb_handle batch;
  char key[KEY_BYTES];
  check(ldb_batch_open(ldb, &batch));
  for (uint32_t end = number + count; number < end; number++) {
    make_key(number, key);
    check(ldb_batch_put(batch, ldb, key, KEY_BYTES, filling, VALUE_BYTES, NULL));
  }
  check(ldb_batch_commit(batch, NULL));
  check(ldb_close(batch));
}

static size_t ldb_get_value(const char *key, char *value) {
  size_t length = 0;
  check(ldb_get(ldb, key, KEY_BYTES, value, VALUE_BYTES, &length));
  return length;
}

static uint32_t ldb_scan_entries(void) {
  ldb_handle iterator;
  uint32_t total = 0, count = 0;
  size_t used;
  check(ldb_iterator_open(ldb, NULL, &iterator));
  while (ldb_iterator_next_batch(iterator, scanned, sizeof scanned, &used, &count) == LDB_OK) total += count;
  check(ldb_close(iterator));
  return total;
}

const struct store ldb_store = {"ldb", ldb_open_store, ldb_close_store, ldb_put_entry, ldb_put_entries, ldb_get_value, ldb_scan_entries};

/* -- LevelDB -- */

#ifdef HAVE_LEVELDB
#include <leveldb/c.h>

static leveldb_t *level;
static leveldb_options_t *level_options;
static leveldb_readoptions_t *level_reads;
static leveldb_writeoptions_t *level_writes;
static leveldb_cache_t *level_cache;
static char *level_error;

static void check_level(void) {
  if (level_error != NULL) stop("leveldb", level_error);
}

static void level_open(const char *path, bool is_synced) {
  level_options = leveldb_options_create();
  level_reads = leveldb_readoptions_create();
  level_writes = leveldb_writeoptions_create();
  level_cache = leveldb_cache_create_lru(64 << 20);
  leveldb_options_set_create_if_missing(level_options, 1);
  leveldb_options_set_cache(level_options, level_cache);
  leveldb_options_set_compression(level_options, leveldb_no_compression);
  leveldb_writeoptions_set_sync(level_writes, is_synced);
  level = leveldb_open(level_options, path, &level_error);
  check_level();
}

static void level_close(void) {
  leveldb_close(level);
  leveldb_options_destroy(level_options);
  leveldb_readoptions_destroy(level_reads);
  leveldb_writeoptions_destroy(level_writes);
  leveldb_cache_destroy(level_cache);
}

static void level_put(const char *key, const char *value) {
  leveldb_put(level, level_writes, key, KEY_BYTES, value, VALUE_BYTES, &level_error);
  check_level();
}

static void level_put_batch(uint32_t number, uint32_t count) {
  leveldb_writebatch_t *batch = leveldb_writebatch_create();
  char key[KEY_BYTES];
  for (uint32_t end = number + count; number < end; number++) {
    make_key(number, key);
    leveldb_writebatch_put(batch, key, KEY_BYTES, filling, VALUE_BYTES);
  }
  leveldb_write(level, level_writes, batch, &level_error);
  check_level();
  leveldb_writebatch_destroy(batch);
}

static size_t level_get(const char *key, char *value) {
  size_t length = 0;
  char *found = leveldb_get(level, level_reads, key, KEY_BYTES, &length, &level_error);
  check_level();
  if (found == NULL) return 0;
  memcpy(value, found, length);
  leveldb_free(found);
  return length;
}

static uint32_t level_scan(void) {
  leveldb_iterator_t *iterator = leveldb_create_iterator(level, level_reads);
  uint32_t count = 0;
  size_t key_bytes, value_bytes, used = 0;
  /* As the packed scan: each entry is copied. */
  for (leveldb_iter_seek_to_first(iterator); leveldb_iter_valid(iterator); leveldb_iter_next(iterator), count++) {
    const char *key = leveldb_iter_key(iterator, &key_bytes), *value = leveldb_iter_value(iterator, &value_bytes);
    if (used + key_bytes + value_bytes > SCAN_BYTES) used = 0;
    memcpy(scanned + used, key, key_bytes);
    memcpy(scanned + used + key_bytes, value, value_bytes);
    used += key_bytes + value_bytes;
  }
  leveldb_iter_destroy(iterator);
  return count;
}

const struct store leveldb_store = {"leveldb", level_open, level_close, level_put, level_put_batch, level_get, level_scan};
#endif

/* -- SQLite: a table without row ids, with a log that is synced as the store asks -- */

#ifdef HAVE_SQLITE
#include <sqlite3.h>

static sqlite3 *sqlite;
static sqlite3_stmt *sqlite_puts, *sqlite_gets, *sqlite_scans;

static void check_sqlite(int status) {
  if (status != SQLITE_OK && status != SQLITE_DONE && status != SQLITE_ROW) stop("sqlite", sqlite3_errmsg(sqlite));
}

static void sqlite_run(const char *text) { check_sqlite(sqlite3_exec(sqlite, text, NULL, NULL, NULL)); }

static void sqlite_open(const char *path, bool is_synced) {
  check_sqlite(sqlite3_open(path, &sqlite));
  sqlite_run("PRAGMA journal_mode = WAL; PRAGMA cache_size = -65536");
  sqlite_run(is_synced ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  sqlite_run("CREATE TABLE IF NOT EXISTS entries (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID");
  check_sqlite(sqlite3_prepare_v2(sqlite, "REPLACE INTO entries VALUES (?, ?)", -1, &sqlite_puts, NULL));
  check_sqlite(sqlite3_prepare_v2(sqlite, "SELECT value FROM entries WHERE key = ?", -1, &sqlite_gets, NULL));
  check_sqlite(sqlite3_prepare_v2(sqlite, "SELECT key, value FROM entries ORDER BY key", -1, &sqlite_scans, NULL));
}

static void sqlite_close(void) {
  sqlite3_finalize(sqlite_puts);
  sqlite3_finalize(sqlite_gets);
  sqlite3_finalize(sqlite_scans);
  check_sqlite(sqlite3_close(sqlite));
}

static void sqlite_put(const char *key, const char *value) {
  sqlite3_bind_blob(sqlite_puts, 1, key, KEY_BYTES, SQLITE_STATIC);
  sqlite3_bind_blob(sqlite_puts, 2, value, VALUE_BYTES, SQLITE_STATIC);
  check_sqlite(sqlite3_step(sqlite_puts));
  check_sqlite(sqlite3_reset(sqlite_puts));
}

static void sqlite_put_batch(uint32_t number, uint32_t count) {
  char key[KEY_BYTES];
  sqlite_run("BEGIN");
  for (uint32_t end = number + count; number < end; number++) {
    make_key(number, key);
    sqlite_put(key, filling);
  }
  sqlite_run("COMMIT");
}

static size_t sqlite_get(const char *key, char *value) {
  sqlite3_bind_blob(sqlite_gets, 1, key, KEY_BYTES, SQLITE_STATIC);
  size_t length = 0;
  if (sqlite3_step(sqlite_gets) == SQLITE_ROW) {
    length = (size_t)sqlite3_column_bytes(sqlite_gets, 0);
    memcpy(value, sqlite3_column_blob(sqlite_gets, 0), length);
  }
  check_sqlite(sqlite3_reset(sqlite_gets));
  return length;
}

static uint32_t sqlite_scan(void) {
  uint32_t count = 0;
  size_t used = 0;
  for (; sqlite3_step(sqlite_scans) == SQLITE_ROW; count++) {
    if (used + KEY_BYTES + VALUE_BYTES > SCAN_BYTES) used = 0;
    memcpy(scanned + used, sqlite3_column_blob(sqlite_scans, 0), KEY_BYTES);
    memcpy(scanned + used + KEY_BYTES, sqlite3_column_blob(sqlite_scans, 1), VALUE_BYTES);
    used += KEY_BYTES + VALUE_BYTES;
  }
  check_sqlite(sqlite3_reset(sqlite_scans));
  return count;
}

const struct store sqlite_store = {"sqlite", sqlite_open, sqlite_close, sqlite_put, sqlite_put_batch, sqlite_get, sqlite_scan};
#endif
