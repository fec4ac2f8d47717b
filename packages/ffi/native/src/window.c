/*
 * window.c: gets that are answered from the resident pages of a B+tree, without a call of the engine (rules W1 to W7 of SPEC.md).
 *
 * The engine publishes where its arrays are. FORMAT.md of @ldb/btree describes the pages. Whatever is not found here (a page that is not
 * resident, a value that is not in its record as it is, a key that is not whole in a page) is left to the engine.
 */
#include <stdlib.h>
#include <string.h>

#include "core.h"

/* Numbers of keyspaces in the bundle from this on have no window. */
#define KEYSPACES_MAX 65536u

enum { HEADER_BYTES = 32, PAGE_NUMBER = 8, LEVEL = 13, FLAGS = 14, COUNT = 24, PREFIX = 26 };
#define FLAG_EDGE 1
#define SLOT_BYTES 8
#define BRANCH_KEY 12
#define LEAF_KEY 2
#define EXTENT_REFERENCE_BYTES 24
#define VALUE_INDIRECT 0xc000u
#define VALUE_LENGTH 0x3fffu
/* Pages of a group of the page table. */
#define GROUP_SHIFT 6
/* A use counter of a page is at most this. */
#define USES_MAX 3

struct ldb_window {
  const uint8_t *arena, *directory, *frames;
  uint8_t *uses;
  uint32_t group_count, frame_entry_count, frame_count;
  uint32_t root_page, root_level, page_bytes, frame_entry_bytes;
};

static uint16_t get16(const uint8_t *bytes) {
  uint16_t value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

static uint32_t get32(const uint8_t *bytes) {
  uint32_t value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

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
  if (!ldb_engine_take_use(database->engine) || database->window_count == 0) return;
  if (ldb_engine_call(database->engine, LDB_FN_REFRESH_WINDOWS, NULL, 0) < 0) ldb_windows_clear(database);
  ldb_engine_take_use(database->engine);
}

uint64_t ldb_answered_count(struct ldb_database *database) {
  uint64_t count = 0;
  for (int index = 0; index < LDB_READER_LOCKS; index++) count += atomic_load(&database->readers[index].answered_count);
  return count;
}

/* -- Pages -- */

/* Returns a resident page, and counts a use of it; NULL when it is not resident. */
static const uint8_t *find_page(const struct ldb_window *window, uint32_t number, uint32_t level) {
  uint32_t group = number >> GROUP_SHIFT;
  if (group >= window->group_count) return NULL;
  uint32_t entry = (get32(window->directory + (size_t)group * 4) << GROUP_SHIFT) + (number & ((1u << GROUP_SHIFT) - 1));
  if (entry >= window->frame_entry_count) return NULL;
  const uint8_t *place = window->frames + (size_t)entry * window->frame_entry_bytes;
  uint32_t frame = window->frame_entry_bytes == 2 ? get16(place) : get32(place);
  if (frame == 0 || --frame >= window->frame_count) return NULL;
  const uint8_t *page = window->arena + (size_t)frame * window->page_bytes;
  if (get32(page + PAGE_NUMBER) != number || page[LEVEL] != level) return NULL;
  /* Readers may lose a use of each other. A counter at its maximum is not written: the line stays in the caches of all processors. */
  uint8_t uses = __atomic_load_n(&window->uses[frame], __ATOMIC_RELAXED);
  if (uses < USES_MAX) __atomic_store_n(&window->uses[frame], (uint8_t)(uses + 1), __ATOMIC_RELAXED);
  return page;
}

/* Returns the head of a key: the four bytes that follow `prefix` bytes, as 31 bits. */
static uint32_t head_of(const uint8_t *key, size_t key_bytes, size_t prefix) {
  uint32_t head = 0;
  for (size_t index = 0; index < 4; index++) head = head << 8 | (prefix + index < key_bytes ? key[prefix + index] : 0);
  return head >> 1;
}

/* The outcome of a search: a slot with the key, the first slot behind it, or that the page does not decide. */
struct position {
  uint32_t slot;
  bool is_equal, is_unknown;
};

struct search {
  const uint8_t *page, *key;
  size_t key_bytes, prefix;
  uint32_t key_offset, key_part_max;
};

static const uint8_t *slot_of(const uint8_t *page, uint32_t slot) { return page + HEADER_BYTES + (size_t)slot * SLOT_BYTES; }

/* Compares the key with that of a slot. `is_unknown` is set when the rest of the stored key is not in the page. */
static int compare(const struct search *search, uint32_t slot, bool *is_unknown) {
  const uint8_t *place = slot_of(search->page, slot);
  const uint8_t *stored = search->page + get16(place + 4) + search->key_offset;
  size_t stored_bytes = get16(place + 6);
  size_t in_page = stored_bytes <= search->key_part_max ? stored_bytes : search->key_part_max - EXTENT_REFERENCE_BYTES;
  size_t shared = search->key_bytes < in_page ? search->key_bytes : in_page;
  size_t from = search->prefix < shared ? search->prefix : shared;
  int order = memcmp(search->key + from, stored + from, shared - from);
  if (order != 0) return order;
  if (in_page != stored_bytes && search->key_bytes > in_page) *is_unknown = true;
  return search->key_bytes < stored_bytes ? -1 : search->key_bytes > stored_bytes;
}

/* Returns the first slot from `low` on, below `high`, whose head is not below `head`. */
static uint32_t first_head(const uint8_t *page, uint32_t low, uint32_t high, uint32_t head) {
  while (low < high) {
    uint32_t middle = (low + high) >> 1;
    if (get32(slot_of(page, middle)) < head) low = middle + 1;
    else high = middle;
  }
  return low;
}

/* Searches the slots of a page from `first` on. */
static struct position search_page(const struct ldb_window *window, const uint8_t *page, uint32_t first, const uint8_t *key, size_t key_bytes) {
  const struct search search = {page, key, key_bytes, get16(page + PREFIX), page[LEVEL] > 0 ? BRANCH_KEY : LEAF_KEY,
                                window->page_bytes >> 3};
  struct position found = {0, false, false};
  uint32_t count = get16(page + COUNT);
  if (search.prefix != 0 && (page[FLAGS] & FLAG_EDGE) != 0 && count > first) {
    const uint8_t *stored = page + get16(slot_of(page, first) + 4) + search.key_offset;
    size_t shared = key_bytes < search.prefix ? key_bytes : search.prefix;
    int order = memcmp(key, stored, shared);
    if (order == 0 && shared < search.prefix) order = -1;
    if (order != 0) {
      found.slot = order < 0 ? first : count;
      return found;
    }
  }
  uint32_t head = head_of(key, key_bytes, search.prefix);
  uint32_t low = first_head(page, first, count, head), high = low;
  /* Most heads are alone. */
  if (low < count && get32(slot_of(page, low)) == head) high = first_head(page, low + 1, count, head + 1);
  while (low < high && !found.is_unknown) {
    uint32_t middle = (low + high) >> 1;
    int order = compare(&search, middle, &found.is_unknown);
    if (order == 0) {
      found.slot = middle;
      found.is_equal = true;
      return found;
    }
    if (order < 0) high = middle;
    else low = middle + 1;
  }
  found.slot = low;
  return found;
}

enum outcome { ENTRY_FOUND, ENTRY_ABSENT, ENTRY_UNKNOWN };

/* Finds the value of a key. */
static enum outcome find_entry(const struct ldb_window *window, const uint8_t *key, size_t key_bytes, struct ldb_bytes *value) {
  uint32_t number = window->root_page;
  if (key_bytes > window->page_bytes >> 3) return ENTRY_UNKNOWN;
  for (uint32_t level = window->root_level;; level--) {
    const uint8_t *page = find_page(window, number, level);
    if (page == NULL) return ENTRY_UNKNOWN;
    /* Slot 0 of a branch has no key: its child has all keys below that of slot 1. */
    struct position found = search_page(window, page, level > 0, key, key_bytes);
    if (found.is_unknown) return ENTRY_UNKNOWN;
    if (level > 0) {
      uint32_t slot = found.is_equal ? found.slot : found.slot - 1;
      number = get32(page + get16(slot_of(page, slot) + 4));
      continue;
    }
    if (!found.is_equal) return ENTRY_ABSENT;
    const uint8_t *record = page + get16(slot_of(page, found.slot) + 4);
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
