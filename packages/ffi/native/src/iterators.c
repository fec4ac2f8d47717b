/*
 * iterators.c: iterators, and the copy of the entry on which each of them is.
 *
 * The position is that of the host: the key of the entry. Moves forwards read the pages in C where they can (rule W8 of SPEC.md); the cursor of the
 * engine is then behind, and is placed on that key before it moves from it.
 */
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "scan.h"

enum { MOVE_FIRST = 0, MOVE_LAST = 1, MOVE_SEEK = 2, MOVE_NEXT = 3, MOVE_PREVIOUS = 4 };

struct iterator {
  /* Key and value; of the position `ON` at least the key. */
  struct ldb_buffer entry;
  size_t key_bytes, value_bytes;
  /* `ENDED` is no entry either, and ends batches. */
  enum { NONE, ON, ENDED } position;
  /* The entry is one that a move led to. */
  bool is_on_entry;
  /* The cursor of the engine is elsewhere. */
  bool is_engine_behind;
  /* The cursor of the engine is where its next batch begins, which is the position too. */
  bool is_batched;
  /* The engine has no root for it: its range is reversed, or it reads no tree alone. */
  bool is_engine_only;
  /* The state that it reads as of the use of the engine with number `stamp`; of the window of `keyspace`. */
  uint64_t stamp;
  uint32_t keyspace, root_page, root_level;
  /* Its bounds are copies, behind this structure. */
  struct ldb_range range;
};

/* Bytes before an entry, and before a batch of entries. */
#define HEADER_BYTES_OF_ENTRY 8
/* Greatest batch of one call of the engine. */
#define BATCH_BYTES_MAX (256u * 1024 * 1024)

static void put32(uint8_t *target, uint32_t value) {
  for (int i = 0; i < 4; i++) target[i] = (uint8_t)(value >> (8 * i));
}

void ldb_iterator_free(void *state) {
  struct iterator *iterator = state;
  free(iterator->entry.bytes);
  free(iterator);
}

/* Returns a new iterator with a copy of a range; NULL without memory. */
static struct iterator *create(const struct ldb_range *range) {
  struct iterator *iterator = calloc(1, sizeof *iterator + range->lower_bytes + range->upper_bytes);
  if (iterator == NULL) return NULL;
  uint8_t *bounds = (uint8_t *)(iterator + 1);
  iterator->range = *range;
  iterator->stamp = UINT64_MAX;
  iterator->is_engine_only = (range->bounds & LDB_BOUND_REVERSE) != 0;
  iterator->range.lower = bounds;
  iterator->range.upper = bounds + range->lower_bytes;
  if (range->lower_bytes > 0) memcpy(bounds, range->lower, range->lower_bytes);
  if (range->upper_bytes > 0) memcpy(bounds + range->lower_bytes, range->upper, range->upper_bytes);
  return iterator;
}

static int32_t open_iterator(struct ldb_call *call, const ldb_range *range, ldb_handle *handle) {
  struct ldb_stored_range stored;
  struct ldb_range checked;
  int32_t status = ldb_check_range(range, &checked);
  if (status == LDB_OK) status = ldb_store_range(call->engine, range, &stored);
  if (status != LDB_OK) return status;
  struct iterator *iterator = create(&checked);
  if (iterator == NULL) return ldb_fail(LDB_NO_MEMORY, "no memory for an iterator");
  const double arguments[4] = {call->slot->object, stored.lower_bytes, stored.upper_bytes, stored.bounds};
  double object = ldb_invoke(call->engine, LDB_FN_OPEN_ITERATOR, 4, arguments);
  if (object >= 0) {
    ldb_handle added = ldb_add_handle(call->database, LDB_KIND_ITERATOR, (uint32_t)object, iterator);
    if (added != 0) {
      *handle = added;
      return LDB_OK;
    }
    ldb_engine_call(call->engine, LDB_FN_CLOSE_ITERATOR, &object, 1);
  }
  free(iterator);
  return object < 0 ? (int32_t)object : ldb_fail(LDB_NO_MEMORY, "no memory for a handle");
}

int32_t ldb_iterator_open(ldb_handle keyspace, const ldb_range *range, ldb_handle *iterator) {
  struct ldb_call call;
  int32_t status = ldb_begin_call(keyspace, LDB_KINDS_DATA, &call);
  if (status != LDB_OK) return status;
  if (iterator == NULL) status = ldb_fail(LDB_INVALID_ARGUMENT, "iterator is NULL");
  else status = open_iterator(&call, range, iterator);
  return ldb_end_call(&call, status);
}

/* -- Position -- */

static bool set_entry(struct iterator *iterator, const void *key, size_t key_bytes, const void *value, size_t value_bytes) {
  iterator->entry.length = 0;
  iterator->position = NONE;
  if (!ldb_buffer_reserve(&iterator->entry, key_bytes + value_bytes)) return false;
  ldb_buffer_append(&iterator->entry, key, key_bytes);
  ldb_buffer_append(&iterator->entry, value, value_bytes);
  iterator->key_bytes = key_bytes;
  iterator->value_bytes = value_bytes;
  iterator->position = ON;
  return true;
}

/* Prepares a scan of the state that the iterator reads. False when it is left to the engine. */
static bool begin_scan(struct ldb_call *call, struct ldb_scan *scan) {
  struct iterator *iterator = call->slot->state;
  struct ldb_database *database = call->database;
  if (iterator->is_engine_only) return false;
  if (iterator->stamp != database->use_count) {
    const double argument = call->slot->object;
    double keyspace = ldb_engine_ask(call->engine, LDB_FN_LOCATE_ITERATOR, &argument, 1);
    /* The engine reports an error at its move. */
    if (keyspace < 0) return false;
    iterator->is_engine_only = keyspace == 0;
    if (keyspace == 0) return false;
    const uint8_t *bytes = ldb_engine_arena(call->engine).start;
    iterator->keyspace = (uint32_t)keyspace - 1;
    iterator->root_page = get32(bytes);
    iterator->root_level = get32(bytes + 4);
    iterator->stamp = database->use_count;
  }
  const struct ldb_window *window = iterator->keyspace < database->window_capacity ? database->windows[iterator->keyspace] : NULL;
  *scan = (struct ldb_scan){window, iterator->root_page, iterator->root_level, &iterator->range};
  return window != NULL;
}

/* Goes to the entry after the position. */
static enum ldb_scan_outcome seek_next(const struct iterator *iterator, const struct ldb_scan *scan, struct ldb_scan_position *position) {
  if (iterator->position != ON) return ldb_scan_seek(scan, NULL, 0, false, position);
  const uint8_t *key = iterator->entry.bytes == NULL ? (const uint8_t *)"" : iterator->entry.bytes;
  return ldb_scan_seek(scan, key, iterator->key_bytes, true, position);
}

/* Places the cursor of the engine at the position. */
static int32_t place(struct ldb_call *call) {
  struct iterator *iterator = call->slot->state;
  if (!iterator->is_engine_behind) return LDB_OK;
  bool is_on = iterator->position == ON;
  int32_t status = is_on ? ldb_store_key(call->engine, iterator->entry.bytes, iterator->key_bytes, 0) : LDB_OK;
  if (status != LDB_OK) return status;
  const double arguments[2] = {call->slot->object, is_on ? (double)iterator->key_bytes : -1};
  double result = ldb_invoke(call->engine, LDB_FN_PLACE_ITERATOR, 2, arguments);
  if (result < 0) return (int32_t)result;
  iterator->is_engine_behind = false;
  return LDB_OK;
}

/* -- Moves -- */

/* Moves forwards in C; false when that is left to the engine. */
static bool move_in_pages(struct ldb_call *call, int to, const void *key, size_t key_bytes, int32_t *status) {
  struct iterator *iterator = call->slot->state;
  struct ldb_scan scan;
  struct ldb_scan_position position;
  struct ldb_scan_entry entry;
  if (to == MOVE_LAST || to == MOVE_PREVIOUS || !begin_scan(call, &scan)) return false;
  enum ldb_scan_outcome outcome = to == MOVE_NEXT ? seek_next(iterator, &scan, &position)
                                                  : ldb_scan_seek(&scan, to == MOVE_SEEK && key != NULL ? key : NULL, to == MOVE_SEEK ? key_bytes : 0, false, &position);
  if (outcome == LDB_SCAN_FOUND) outcome = ldb_scan_read(&scan, &position, &entry);
  if (outcome == LDB_SCAN_UNKNOWN) return false;
  *status = LDB_ABSENT;
  iterator->is_engine_behind = true;
  iterator->is_batched = false;
  iterator->is_on_entry = false;
  iterator->position = outcome == LDB_SCAN_FOUND ? iterator->position : NONE;
  if (outcome == LDB_SCAN_FOUND) {
    iterator->is_on_entry = set_entry(iterator, entry.key.start, entry.key.length, entry.value.start, entry.value.length);
    *status = iterator->is_on_entry ? LDB_OK : ldb_fail(LDB_NO_MEMORY, "no memory for the entry");
  }
  ldb_count_answered(call->database);
  return true;
}

/* Moves the cursor of the engine, and copies the entry out of the arena. */
static int32_t move_in_engine(struct ldb_call *call, int to, const void *key, size_t key_bytes) {
  struct iterator *iterator = call->slot->state;
  iterator->is_on_entry = false;
  int32_t status = to == MOVE_NEXT || to == MOVE_PREVIOUS ? place(call) : LDB_OK;
  if (status == LDB_OK) status = ldb_store_key(call->engine, key, key_bytes, 0);
  if (status != LDB_OK) return status;
  const double arguments[3] = {call->slot->object, to, (double)key_bytes};
  double result = ldb_invoke(call->engine, LDB_FN_MOVE, 3, arguments);
  if (result < 0) return (int32_t)result;
  call->database->entered_count++;
  iterator->is_engine_behind = false;
  iterator->is_batched = false;
  iterator->position = NONE;
  if (result == 0) return LDB_ABSENT;
  const uint8_t *bytes = ldb_engine_arena(call->engine).start, *stored = bytes + HEADER_BYTES_OF_ENTRY;
  iterator->is_on_entry = set_entry(iterator, stored, get32(bytes), stored + get32(bytes), get32(bytes + 4));
  ldb_release_arena(call->engine);
  return iterator->is_on_entry ? LDB_OK : ldb_fail(LDB_NO_MEMORY, "no memory for the entry");
}

static int32_t move_handle(ldb_handle handle, int to, const void *key, size_t key_bytes) {
  struct ldb_call call;
  int32_t status = ldb_begin_call(handle, LDB_KIND_ITERATOR, &call);
  if (status != LDB_OK) return status;
  if (key_bytes > LDB_KEY_BYTES_MAX || (key == NULL && key_bytes > 0) || !move_in_pages(&call, to, key, key_bytes, &status))
    status = move_in_engine(&call, to, key, key_bytes);
  return ldb_end_call(&call, status);
}

int32_t ldb_iterator_first(ldb_handle iterator) { return move_handle(iterator, MOVE_FIRST, NULL, 0); }

int32_t ldb_iterator_last(ldb_handle iterator) { return move_handle(iterator, MOVE_LAST, NULL, 0); }

int32_t ldb_iterator_next(ldb_handle iterator) { return move_handle(iterator, MOVE_NEXT, NULL, 0); }

int32_t ldb_iterator_previous(ldb_handle iterator) { return move_handle(iterator, MOVE_PREVIOUS, NULL, 0); }

int32_t ldb_iterator_seek(ldb_handle iterator, const void *key, size_t key_bytes) {
  return move_handle(iterator, MOVE_SEEK, key, key_bytes);
}

int32_t ldb_iterator_entry(ldb_handle handle, const void **key, size_t *key_bytes, const void **value, size_t *value_bytes) {
  struct ldb_call call;
  int32_t status = ldb_begin_call(handle, LDB_KIND_ITERATOR, &call);
  if (status != LDB_OK) return status;
  const struct iterator *iterator = call.slot->state;
  if (!iterator->is_on_entry) return ldb_end_call(&call, LDB_ABSENT);
  if (key != NULL) *key = iterator->entry.bytes;
  if (key_bytes != NULL) *key_bytes = iterator->key_bytes;
  if (value != NULL) *value = iterator->entry.bytes == NULL ? NULL : iterator->entry.bytes + iterator->key_bytes;
  if (value_bytes != NULL) *value_bytes = iterator->value_bytes;
  return ldb_end_call(&call, LDB_OK);
}

/* -- Batches -- */

struct batch {
  uint8_t *buffer;
  size_t capacity, used;
  uint32_t entry_count;
};

/* Packs entries in C. LDB_SCAN_UNKNOWN without an entry: the batch is left to the engine. */
static enum ldb_scan_outcome pack(const struct ldb_scan *scan, struct ldb_scan_position *position, struct batch *batch, struct ldb_bytes *last) {
  for (;;) {
    struct ldb_scan_entry entry;
    enum ldb_scan_outcome outcome = ldb_scan_read(scan, position, &entry);
    if (outcome != LDB_SCAN_FOUND) return outcome;
    size_t byte_count = HEADER_BYTES_OF_ENTRY + entry.key.length + entry.value.length;
    if (byte_count > batch->capacity - batch->used) {
      if (batch->entry_count == 0) batch->used = byte_count;
      return LDB_SCAN_FOUND;
    }
    uint8_t *target = batch->buffer + batch->used;
    put32(target, (uint32_t)entry.key.length);
    put32(target + 4, (uint32_t)entry.value.length);
    /* They follow each other in the page, too. */
    memcpy(target + HEADER_BYTES_OF_ENTRY, entry.key.start, entry.key.length + entry.value.length);
    batch->used += byte_count;
    batch->entry_count++;
    *last = entry.key;
    position->slot++;
  }
}

static bool batch_in_pages(struct ldb_call *call, struct batch *batch) {
  struct iterator *iterator = call->slot->state;
  struct ldb_scan scan;
  struct ldb_scan_position position;
  struct ldb_bytes last = {NULL, 0};
  if (!begin_scan(call, &scan)) return false;
  enum ldb_scan_outcome outcome = seek_next(iterator, &scan, &position);
  if (outcome == LDB_SCAN_FOUND) outcome = pack(&scan, &position, batch, &last);
  if (outcome == LDB_SCAN_UNKNOWN && batch->entry_count == 0) return false;
  if (batch->entry_count > 0) {
    iterator->is_engine_behind = true;
    set_entry(iterator, last.start, last.length, NULL, 0);
  } else if (outcome == LDB_SCAN_END) {
    iterator->is_engine_behind = true;
    iterator->position = ENDED;
  }
  ldb_count_answered(call->database);
  return true;
}

/* Remembers the last entry of a batch of the engine, whose cursor may be on the entry behind it. */
static void note_last(struct iterator *iterator, const struct batch *batch) {
  const uint8_t *entry = batch->buffer;
  for (uint32_t index = 1; index < batch->entry_count; index++) entry += HEADER_BYTES_OF_ENTRY + get32(entry) + get32(entry + 4);
  set_entry(iterator, entry + HEADER_BYTES_OF_ENTRY, get32(entry), NULL, 0);
}

static int32_t batch_in_engine(struct ldb_call *call, struct batch *batch) {
  struct iterator *iterator = call->slot->state;
  /* After a batch, its cursor is on the first entry of the next one, and it knows. */
  int32_t status = iterator->is_batched ? LDB_OK : place(call);
  if (status != LDB_OK) return status;
  const double arguments[2] = {call->slot->object, (double)batch->capacity};
  double result = ldb_invoke(call->engine, LDB_FN_NEXT_BATCH, 2, arguments);
  if (result < 0) return (int32_t)result;
  const uint8_t *bytes = ldb_engine_arena(call->engine).start;
  batch->entry_count = get32(bytes);
  batch->used = get32(bytes + 4);
  call->database->entered_count++;
  if (batch->entry_count > 0) {
    memcpy(batch->buffer, bytes + HEADER_BYTES_OF_ENTRY, batch->used);
    note_last(iterator, batch);
  } else if (batch->used == 0) {
    iterator->position = ENDED;
  }
  iterator->is_engine_behind = true;
  iterator->is_batched = true;
  ldb_release_arena(call->engine);
  return LDB_OK;
}

static int32_t next_batch(struct ldb_call *call, struct batch *batch) {
  struct iterator *iterator = call->slot->state;
  iterator->is_on_entry = false;
  if (iterator->position == ENDED) return LDB_ABSENT;
  if (!batch_in_pages(call, batch)) {
    int32_t status = batch_in_engine(call, batch);
    if (status != LDB_OK) return status;
  } else {
    iterator->is_batched = false;
  }
  return batch->entry_count > 0 ? LDB_OK : batch->used > 0 ? LDB_BUFFER_TOO_SMALL : LDB_ABSENT;
}

int32_t ldb_iterator_next_batch(ldb_handle iterator, void *buffer, size_t capacity, size_t *used, uint32_t *entry_count) {
  struct ldb_call call;
  int32_t status = ldb_begin_call(iterator, LDB_KIND_ITERATOR, &call);
  if (status != LDB_OK) return status;
  if (used == NULL || entry_count == NULL || (buffer == NULL && capacity > 0)) {
    status = ldb_fail(LDB_INVALID_ARGUMENT, "an output is NULL");
  } else {
    struct batch batch = {buffer, capacity > BATCH_BYTES_MAX ? BATCH_BYTES_MAX : capacity, 0, 0};
    status = next_batch(&call, &batch);
    if (status >= 0 || status == LDB_BUFFER_TOO_SMALL) {
      *used = batch.used;
      *entry_count = batch.entry_count;
    }
  }
  return ldb_end_call(&call, status);
}
