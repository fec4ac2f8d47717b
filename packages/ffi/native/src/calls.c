/* calls.c: arguments and results of the functions of the bundle. */
#include <stdlib.h>
#include <string.h>

#include "core.h"

double ldb_invoke(struct ldb_engine *engine, enum ldb_function function, int count, const double *arguments) {
  double result = ldb_engine_call(engine, function, arguments, count);
  if (result >= 0) return result;
  double length = ldb_engine_call(engine, LDB_FN_ERROR_TEXT, NULL, 0);
  struct ldb_bytes arena = ldb_engine_arena(engine);
  char text[1024];
  size_t bytes = length > 0 && length <= (double)arena.length ? (size_t)length : 0;
  if (bytes >= sizeof text) bytes = sizeof text - 1;
  if (bytes > 0) memcpy(text, arena.start, bytes);
  text[bytes] = 0;
  ldb_fail((int32_t)result, text);
  return result;
}

int32_t ldb_reserve(struct ldb_engine *engine, size_t byte_count) {
  if (byte_count <= ldb_engine_arena(engine).length) return LDB_OK;
  double argument = (double)byte_count;
  double result = ldb_invoke(engine, LDB_FN_RESERVE, 1, &argument);
  if (result >= 0) return LDB_OK;
  /* An allocation that is refused. */
  return ldb_fail(LDB_NO_MEMORY, "no memory for the bytes of the call");
}

void ldb_store(struct ldb_engine *engine, size_t offset, const void *bytes, size_t byte_count) {
  if (byte_count > 0) memcpy(ldb_engine_arena(engine).start + offset, bytes, byte_count);
}

/* Little-endian, as the bundle reads it. */
void ldb_set_number(struct ldb_engine *engine, int index, double number) {
  uint64_t bits;
  uint8_t bytes[8];
  memcpy(&bits, &number, sizeof bits);
  for (int i = 0; i < 8; i++) bytes[i] = (uint8_t)(bits >> (8 * i));
  ldb_store(engine, (size_t)index * 8, bytes, sizeof bytes);
}

void ldb_release_arena(struct ldb_engine *engine) {
  if (ldb_engine_arena(engine).length > (4u << 20)) ldb_engine_call(engine, LDB_FN_SHRINK, NULL, 0);
}

int32_t ldb_store_key(struct ldb_engine *engine, const void *key, size_t key_bytes, size_t extra) {
  if (key == NULL && key_bytes > 0) return ldb_fail(LDB_INVALID_ARGUMENT, "key is NULL");
  if (key_bytes > LDB_KEY_BYTES_MAX) return ldb_fail(LDB_TOO_LARGE, "a key may have 65,535 bytes");
  int32_t status = ldb_reserve(engine, key_bytes + extra);
  if (status == LDB_OK) ldb_store(engine, 0, key, key_bytes);
  return status;
}

int32_t ldb_check_range(const ldb_range *range, struct ldb_range *checked) {
  memset(checked, 0, sizeof *checked);
  if (range == NULL) return LDB_OK;
  if (!ldb_copy_options(checked, sizeof *checked, range)) return ldb_fail(LDB_INVALID_ARGUMENT, "size of the range");
  uint32_t bounds = checked->bounds;
  uint32_t lower = bounds & (LDB_BOUND_GTE | LDB_BOUND_GT | LDB_BOUND_PREFIX), upper = bounds & (LDB_BOUND_LT | LDB_BOUND_LTE);
  if (bounds > 63 || (lower & (lower - 1)) != 0 || (upper & (upper - 1)) != 0)
    return ldb_fail(LDB_INVALID_ARGUMENT, "bounds of the range");
  if (lower == 0) checked->lower_bytes = 0;
  if (upper == 0) checked->upper_bytes = 0;
  if ((checked->lower == NULL && checked->lower_bytes > 0) || (checked->upper == NULL && checked->upper_bytes > 0))
    return ldb_fail(LDB_INVALID_ARGUMENT, "a bound of the range is NULL");
  if (checked->lower_bytes > LDB_KEY_BYTES_MAX || checked->upper_bytes > LDB_KEY_BYTES_MAX)
    return ldb_fail(LDB_TOO_LARGE, "a bound may have 65,535 bytes");
  return LDB_OK;
}

int32_t ldb_store_range(struct ldb_engine *engine, const ldb_range *range, struct ldb_stored_range *stored) {
  struct ldb_range checked;
  int32_t status = ldb_check_range(range, &checked);
  if (status == LDB_OK) status = ldb_reserve(engine, checked.lower_bytes + checked.upper_bytes);
  if (status != LDB_OK) return status;
  ldb_store(engine, 0, checked.lower, checked.lower_bytes);
  ldb_store(engine, checked.lower_bytes, checked.upper, checked.upper_bytes);
  stored->lower_bytes = (double)checked.lower_bytes;
  stored->upper_bytes = (double)checked.upper_bytes;
  stored->bounds = checked.bounds;
  return LDB_OK;
}

int32_t ldb_check_write(const ldb_write_options *options, double *durability, double *ttl_ms) {
  ldb_write_options checked;
  *durability = 0;
  *ttl_ms = 0;
  if (options == NULL) return LDB_OK;
  if (!ldb_copy_options(&checked, sizeof checked, options)) return ldb_fail(LDB_INVALID_ARGUMENT, "size of the options of a write");
  if (checked.durability > LDB_DURABILITY_NONE) return ldb_fail(LDB_INVALID_ARGUMENT, "durability of a write");
  if (!(checked.ttl_ms >= 0) && checked.ttl_ms != -1) return ldb_fail(LDB_INVALID_ARGUMENT, "ttl_ms of a write");
  *durability = checked.durability;
  *ttl_ms = checked.ttl_ms;
  return LDB_OK;
}

int32_t ldb_copy_result(struct ldb_engine *engine, size_t byte_count, void **memory) {
  uint8_t *copy = malloc(byte_count + 1);
  if (copy == NULL) return ldb_fail(LDB_NO_MEMORY, "no memory for the result");
  if (byte_count > 0) memcpy(copy, ldb_engine_arena(engine).start, byte_count);
  copy[byte_count] = 0;
  *memory = copy;
  return LDB_OK;
}

int32_t ldb_copy_json(struct ldb_engine *engine, double result, char **json) {
  if (result < 0) return (int32_t)result;
  void *memory = NULL;
  int32_t status = json == NULL ? LDB_OK : ldb_copy_result(engine, (size_t)result, &memory);
  if (status == LDB_OK && json != NULL) *json = memory;
  ldb_release_arena(engine);
  return status;
}

bool ldb_buffer_reserve(struct ldb_buffer *buffer, size_t byte_count) {
  if (byte_count <= buffer->capacity) return true;
  size_t capacity = buffer->capacity < 512 ? 512 : buffer->capacity * 2;
  if (capacity < byte_count) capacity = byte_count;
  uint8_t *bytes = realloc(buffer->bytes, capacity);
  if (bytes == NULL) return false;
  buffer->bytes = bytes;
  buffer->capacity = capacity;
  return true;
}

bool ldb_buffer_append(struct ldb_buffer *buffer, const void *bytes, size_t byte_count) {
  if (!ldb_buffer_reserve(buffer, buffer->length + byte_count)) return false;
  if (byte_count > 0) memcpy(buffer->bytes + buffer->length, bytes, byte_count);
  buffer->length += byte_count;
  return true;
}

bool ldb_copy_options(void *target, size_t target_size, const void *source) {
  size_t size;
  memset(target, 0, target_size);
  memcpy(&size, source, sizeof size);
  /* A larger structure is of a newer header: its members beyond this one's must be zero. */
  if (size < sizeof size || size > 4096) return false;
  for (size_t at = target_size; at < size; at++)
    if (((const uint8_t *)source)[at] != 0) return false;
  memcpy(target, source, size < target_size ? size : target_size);
  return true;
}
