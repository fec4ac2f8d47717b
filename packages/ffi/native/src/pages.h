/*
 * pages.h: the resident pages of a B+tree, as the window of a keyspace has them. FORMAT.md of @ldb/btree describes them.
 *
 * A page, a key or a value that these functions do not know (a page that is not resident, a key that is not whole in its page) is left to the
 * engine. The caller holds a lock of readers, or the lock of the database.
 */
#ifndef LDB_PAGES_H
#define LDB_PAGES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core.h"

enum { HEADER_BYTES = 32, PAGE_NUMBER = 8, LEVEL = 13, FLAGS = 14, COUNT = 24, PREFIX = 26 };
#define FLAG_EDGE 1
#define SLOT_BYTES 8
#define BRANCH_KEY 12
#define LEAF_KEY 2
#define EXTENT_REFERENCE_BYTES 24
#define VALUE_INDIRECT 0xc000u
#define VALUE_LENGTH 0x3fffu

struct ldb_window {
  const uint8_t *arena, *directory, *frames;
  uint8_t *uses;
  uint32_t group_count, frame_entry_count, frame_count;
  uint32_t root_page, root_level, page_bytes, frame_entry_bytes;
};

static inline uint16_t get16(const uint8_t *bytes) {
  uint16_t value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

static inline uint32_t get32(const uint8_t *bytes) {
  uint32_t value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

/* The outcome of a search: a slot with the key, the first slot behind it, or that the page does not decide. */
struct ldb_found {
  uint32_t slot;
  bool is_equal, is_unknown;
};

static inline const uint8_t *ldb_slot_of(const uint8_t *page, uint32_t slot) { return page + HEADER_BYTES + (size_t)slot * SLOT_BYTES; }

/* Returns a resident page, and counts a use of it; NULL when it is not resident. */
const uint8_t *ldb_find_page(const struct ldb_window *window, uint32_t number, uint32_t level);
/* Searches the slots of a page from `first` on. key_part_max: longest key that is whole in a page. */
struct ldb_found ldb_search_page(uint32_t key_part_max, const uint8_t *page, uint32_t first, const uint8_t *key, size_t key_bytes);

#endif
