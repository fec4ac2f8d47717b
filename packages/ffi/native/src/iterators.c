/* iterators.c: iterators, and the copy of the entry on which each of them is. */
#include <stdlib.h>
#include <string.h>

#include "core.h"

enum { MOVE_FIRST = 0, MOVE_LAST = 1, MOVE_SEEK = 2, MOVE_NEXT = 3, MOVE_PREVIOUS = 4 };

struct iterator {
  struct ldb_buffer entry;
  bool is_on_entry;
  size_t key_bytes, value_bytes;
};

/* Bytes before an entry, and before a batch of entries. */
#define HEADER_BYTES 8
/* Greatest batch of one call of the engine. */
#define BATCH_BYTES_MAX (256u * 1024 * 1024)

static uint32_t get32(const uint8_t *bytes) {
  return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

void ldb_iterator_free(void *state) {
  struct iterator *iterator = state;
  free(iterator->entry.bytes);
  free(iterator);
}

static int32_t open_iterator(struct ldb_call *call, const ldb_range *range, ldb_handle *handle) {
  struct ldb_stored_range stored;
  int32_t status = ldb_store_range(call->engine, range, &stored);
  if (status != LDB_OK) return status;
  struct iterator *iterator = calloc(1, sizeof *iterator);
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

/* Moves, and copies the entry out of the arena. */
static int32_t move(struct ldb_call *call, int to, const void *key, size_t key_bytes) {
  struct iterator *iterator = call->slot->state;
  iterator->is_on_entry = false;
  int32_t status = ldb_store_key(call->engine, key, key_bytes, 0);
  if (status != LDB_OK) return status;
  const double arguments[3] = {call->slot->object, to, (double)key_bytes};
  double result = ldb_invoke(call->engine, LDB_FN_MOVE, 3, arguments);
  if (result < 0) return (int32_t)result;
  if (result == 0) return LDB_ABSENT;
  const uint8_t *bytes = ldb_engine_arena(call->engine).start;
  iterator->entry.length = 0;
  iterator->key_bytes = get32(bytes);
  iterator->value_bytes = get32(bytes + 4);
  if (!ldb_buffer_append(&iterator->entry, bytes + HEADER_BYTES, (size_t)result - HEADER_BYTES))
    return ldb_fail(LDB_NO_MEMORY, "no memory for the entry");
  iterator->is_on_entry = true;
  ldb_release_arena(call->engine);
  return LDB_OK;
}

static int32_t move_handle(ldb_handle handle, int to, const void *key, size_t key_bytes) {
  struct ldb_call call;
  int32_t status = ldb_begin_call(handle, LDB_KIND_ITERATOR, &call);
  return status != LDB_OK ? status : ldb_end_call(&call, move(&call, to, key, key_bytes));
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

static int32_t next_batch(struct ldb_call *call, void *buffer, size_t capacity, size_t *used, uint32_t *entry_count) {
  struct iterator *iterator = call->slot->state;
  size_t limit = capacity > BATCH_BYTES_MAX ? BATCH_BYTES_MAX : capacity;
  const double arguments[2] = {call->slot->object, (double)limit};
  iterator->is_on_entry = false;
  double result = ldb_invoke(call->engine, LDB_FN_NEXT_BATCH, 2, arguments);
  if (result < 0) return (int32_t)result;
  const uint8_t *bytes = ldb_engine_arena(call->engine).start;
  uint32_t count = get32(bytes), byte_count = get32(bytes + 4);
  *entry_count = count;
  *used = byte_count;
  if (count > 0) memcpy(buffer, bytes + HEADER_BYTES, byte_count);
  ldb_release_arena(call->engine);
  return count > 0 ? LDB_OK : byte_count > 0 ? LDB_BUFFER_TOO_SMALL : LDB_ABSENT;
}

int32_t ldb_iterator_next_batch(ldb_handle iterator, void *buffer, size_t capacity, size_t *used, uint32_t *entry_count) {
  struct ldb_call call;
  int32_t status = ldb_begin_call(iterator, LDB_KIND_ITERATOR, &call);
  if (status != LDB_OK) return status;
  if (used == NULL || entry_count == NULL || (buffer == NULL && capacity > 0)) status = ldb_fail(LDB_INVALID_ARGUMENT, "an output is NULL");
  else status = next_batch(&call, buffer, capacity, used, entry_count);
  return ldb_end_call(&call, status);
}
