/*
 * window.c: gets that are answered from the resident pages of a B+tree, without a call of the engine (rules W1 to W7 of SPEC.md).
 *
 * The engine publishes where its arrays are. FORMAT.md of @ldb/btree describes the pages. Whatever is not found here (a page that is not
 * resident, a value that is not in its record as it is, a key that is not whole in a page) is left to the engine.
 */
#include <stdlib.h>
#include <string.h>

#include "pages.h"

/* Numbers of keyspaces in the bundle from this on have no window. */
#define KEYSPACES_MAX 65536u

/* -- Publication -- */

void ldb_windows_create(struct ldb_database *database) {
  pthread_rwlockattr_t attributes;
  pthread_rwlockattr_init(&attributes);
#if defined(__GLIBC__)
  /* Otherwise readers that follow each other keep a writer out for ever. No thread takes a lock of readers twice. */
  pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
#endif
  for (int index = 0; index < LDB_READER_LOCKS; index++) pthread_rwlock_init(&database->readers[index].lock, &attributes);
  pthread_rwlockattr_destroy(&attributes);
}

void ldb_exclude_readers(struct ldb_database *database) {
  for (int index = 0; index < LDB_READER_LOCKS; index++) pthread_rwlock_wrlock(&database->readers[index].lock);
}

void ldb_admit_readers(struct ldb_database *database) {
  for (int index = LDB_READER_LOCKS - 1; index >= 0; index--) pthread_rwlock_unlock(&database->readers[index].lock);
}

static void withdraw(struct ldb_database *database, uint32_t keyspace) {
  if (keyspace >= database->window_capacity || database->windows[keyspace] == NULL) return;
  free(database->windows[keyspace]);
  database->windows[keyspace] = NULL;
  database->window_count--;
}

void ldb_windows_clear(struct ldb_database *database) {
  for (uint32_t keyspace = 0; keyspace < database->window_capacity; keyspace++) withdraw(database, keyspace);
  free(database->windows);
  database->windows = NULL;
  database->window_capacity = 0;
  for (int index = 0; index < LDB_READER_LOCKS; index++) atomic_store(&database->readers[index].answered_count, 0);
}

/* Returns the place of the window of a keyspace; NULL without memory for it. */
static struct ldb_window *place_of(struct ldb_database *database, uint32_t keyspace) {
  if (keyspace >= KEYSPACES_MAX) return NULL;
  if (keyspace >= database->window_capacity) {
    uint32_t capacity = keyspace + 16;
    struct ldb_window **windows = realloc(database->windows, capacity * sizeof *windows);
    if (windows == NULL) return NULL;
    memset(windows + database->window_capacity, 0, (capacity - database->window_capacity) * sizeof *windows);
    database->windows = windows;
    database->window_capacity = capacity;
  }
  if (database->windows[keyspace] == NULL) {
    database->windows[keyspace] = malloc(sizeof(struct ldb_window));
    if (database->windows[keyspace] != NULL) database->window_count++;
  }
  return database->windows[keyspace];
}

void ldb_change_window(void *context, const struct ldb_window_arrays *arrays, uint32_t keyspace) {
  struct ldb_database *database = context;
  if (arrays == NULL) {
    withdraw(database, keyspace);
    return;
  }
  if (arrays->head.length < 20) return;
  const uint8_t *head = arrays->head.start;
  struct ldb_window *window = place_of(database, get32(head));
  if (window == NULL) {
    /* What was published before is out of date. */
    withdraw(database, get32(head));
    return;
  }
  window->root_page = get32(head + 4);
  window->root_level = get32(head + 8);
  window->page_bytes = get32(head + 12);
  window->frame_entry_bytes = get32(head + 16);
  window->arena = arrays->arena.start;
  window->directory = arrays->directory.start;
  window->frames = arrays->frames.start;
  window->uses = arrays->uses.start;
  window->group_count = (uint32_t)(arrays->directory.length / 4);
  window->frame_entry_count = (uint32_t)(arrays->frames.length / window->frame_entry_bytes);
  size_t frame_count = arrays->arena.length / window->page_bytes;
  window->frame_count = (uint32_t)(frame_count < arrays->uses.length ? frame_count : arrays->uses.length);
}

void ldb_refresh_windows(struct ldb_database *database) {
  if (!ldb_engine_take_use(database->engine)) return;
  database->use_count++;
  if (database->window_count == 0) return;
  if (ldb_engine_call(database->engine, LDB_FN_REFRESH_WINDOWS, NULL, 0) < 0) ldb_windows_clear(database);
  ldb_engine_take_use(database->engine);
}

void ldb_count_answered(struct ldb_database *database) { atomic_fetch_add_explicit(&database->readers[0].answered_count, 1, memory_order_relaxed); }

uint64_t ldb_answered_count(struct ldb_database *database) {
  uint64_t count = 0;
  for (int index = 0; index < LDB_READER_LOCKS; index++) count += atomic_load(&database->readers[index].answered_count);
  return count;
}

/* -- Gets -- */

enum outcome { ENTRY_FOUND, ENTRY_ABSENT, ENTRY_UNKNOWN };

/* Finds the value of a key. */
static enum outcome find_entry(const struct ldb_window *window, const uint8_t *key, size_t key_bytes, struct ldb_bytes *value) {
  uint32_t number = window->root_page;
  if (key_bytes > window->page_bytes >> 3) return ENTRY_UNKNOWN;
  for (uint32_t level = window->root_level;; level--) {
    const uint8_t *page = ldb_find_page(window, number, level);
    if (page == NULL) return ENTRY_UNKNOWN;
    /* Slot 0 of a branch has no key: its child has all keys below that of slot 1. */
    struct ldb_found found = ldb_search_page(window->page_bytes >> 3, page, level > 0, key, key_bytes);
    if (found.is_unknown) return ENTRY_UNKNOWN;
    if (level > 0) {
      uint32_t slot = found.is_equal ? found.slot : found.slot - 1;
      number = get32(page + get16(ldb_slot_of(page, slot) + 4));
      continue;
    }
    if (!found.is_equal) return ENTRY_ABSENT;
    const uint8_t *record = page + get16(ldb_slot_of(page, found.slot) + 4);
    uint32_t field = get16(record);
    if ((field & VALUE_INDIRECT) != 0) return ENTRY_UNKNOWN;
    value->start = (uint8_t *)(uintptr_t)(record + LEAF_KEY + key_bytes);
    value->length = field & VALUE_LENGTH;
    return ENTRY_FOUND;
  }
}

/* -- Reads -- */

struct read {
  struct ldb_reader_lock *held;
  struct ldb_bytes value;
};

/* Finds a key, and keeps the lock of the reader unless the outcome is ENTRY_UNKNOWN. */
static enum outcome begin_read(ldb_handle handle, const void *key, size_t key_bytes, struct read *read) {
  if ((key == NULL && key_bytes > 0) || !ldb_begin_reading()) return ENTRY_UNKNOWN;
  const struct ldb_slot *slot = ldb_begin_read(handle, LDB_KINDS_KEYSPACE, &read->held);
  if (slot == NULL) return ENTRY_UNKNOWN;
  const struct ldb_database *database = atomic_load_explicit(&slot->database, memory_order_relaxed);
  const struct ldb_window *window = slot->object < database->window_capacity ? database->windows[slot->object] : NULL;
  enum outcome outcome = window == NULL ? ENTRY_UNKNOWN : find_entry(window, key == NULL ? (const void *)"" : key, key_bytes, &read->value);
  if (outcome == ENTRY_UNKNOWN) pthread_rwlock_unlock(&read->held->lock);
  return outcome;
}

static int32_t end_read(struct read *read, int32_t status) {
  atomic_fetch_add_explicit(&read->held->answered_count, 1, memory_order_relaxed);
  pthread_rwlock_unlock(&read->held->lock);
  return status;
}

bool ldb_window_get(ldb_handle keyspace, const void *key, size_t key_bytes, void *buffer, size_t capacity, size_t *value_bytes, int32_t *status) {
  struct read read;
  if (value_bytes == NULL || (buffer == NULL && capacity > 0)) return false;
  enum outcome outcome = begin_read(keyspace, key, key_bytes, &read);
  if (outcome == ENTRY_UNKNOWN) return false;
  *status = LDB_ABSENT;
  if (outcome == ENTRY_FOUND) {
    size_t length = read.value.length;
    *value_bytes = length;
    *status = length > capacity ? LDB_BUFFER_TOO_SMALL : LDB_OK;
    if (length <= capacity && length > 0) memcpy(buffer, read.value.start, length);
  }
  end_read(&read, *status);
  return true;
}

bool ldb_window_get_alloc(ldb_handle keyspace, const void *key, size_t key_bytes, void **value, size_t *value_bytes, int32_t *status) {
  struct read read;
  if (value == NULL || value_bytes == NULL) return false;
  enum outcome outcome = begin_read(keyspace, key, key_bytes, &read);
  if (outcome == ENTRY_UNKNOWN) return false;
  *status = LDB_ABSENT;
  if (outcome == ENTRY_FOUND) {
    uint8_t *copy = malloc(read.value.length + 1);
    if (copy == NULL) *status = ldb_fail(LDB_NO_MEMORY, "no memory for the result");
    else {
      memcpy(copy, read.value.start, read.value.length);
      copy[read.value.length] = 0;
      *value = copy;
      *value_bytes = read.value.length;
      *status = LDB_OK;
    }
  }
  end_read(&read, *status);
  return true;
}

bool ldb_window_has(ldb_handle keyspace, const void *key, size_t key_bytes, int32_t *status) {
  struct read read;
  enum outcome outcome = begin_read(keyspace, key, key_bytes, &read);
  if (outcome == ENTRY_UNKNOWN) return false;
  *status = end_read(&read, outcome == ENTRY_FOUND ? LDB_OK : LDB_ABSENT);
  return true;
}
