/* scan.c: iteration over the resident pages of a B+tree (rule W8 of SPEC.md). */
#include "scan.h"

/* Compares bytes as keys are. */
static int compare_keys(const uint8_t *left, size_t left_bytes, const uint8_t *right, size_t right_bytes) {
  size_t shared = left_bytes < right_bytes ? left_bytes : right_bytes;
  int order = shared == 0 ? 0 : memcmp(left, right, shared);
  return order != 0 ? order : (left_bytes > right_bytes) - (left_bytes < right_bytes);
}

/* Goes to the leaf of a key. */
static enum ldb_scan_outcome descend(const struct ldb_scan *scan, const uint8_t *key, size_t key_bytes, bool is_after,
                                     struct ldb_scan_position *position) {
  const struct ldb_window *window = scan->window;
  uint32_t number = scan->root_page, key_part_max = window->page_bytes >> 3;
  if (key_bytes > key_part_max) return LDB_SCAN_UNKNOWN;
  position->has_fence = false;
  for (uint32_t level = scan->root_level;; level--) {
    const uint8_t *page = ldb_find_page(window, number, level);
    if (page == NULL) return LDB_SCAN_UNKNOWN;
    /* Slot 0 of a branch has no key: its child has all keys below that of slot 1. */
    struct ldb_found found = ldb_search_page(window->page_bytes >> 3, page, level > 0, key, key_bytes);
    if (found.is_unknown) return LDB_SCAN_UNKNOWN;
    uint32_t count = get16(page + COUNT);
    if (level == 0) {
      position->page = page;
      position->count = count;
      position->slot = found.slot + (found.is_equal && is_after);
      return LDB_SCAN_FOUND;
    }
    uint32_t slot = found.is_equal ? found.slot : found.slot - 1;
    if (slot + 1 < count) {
      const uint8_t *next = ldb_slot_of(page, slot + 1);
      position->has_fence = true;
      position->fence.start = (uint8_t *)(uintptr_t)(page + get16(next + 4) + BRANCH_KEY);
      position->fence.length = get16(next + 6);
      if (position->fence.length > key_part_max) return LDB_SCAN_UNKNOWN;
    }
    number = get32(page + get16(ldb_slot_of(page, slot) + 4));
  }
}

enum ldb_scan_outcome ldb_scan_seek(const struct ldb_scan *scan, const uint8_t *key, size_t key_bytes, bool is_after,
                                    struct ldb_scan_position *position) {
  const struct ldb_range *range = scan->range;
  const uint8_t *lower = range->lower == NULL ? (const uint8_t *)"" : range->lower;
  if (key == NULL || compare_keys(key, key_bytes, lower, range->lower_bytes) < 0) {
    key = lower;
    key_bytes = range->lower_bytes;
    is_after = false;
  }
  bool is_lower = compare_keys(key, key_bytes, lower, range->lower_bytes) == 0;
  return descend(scan, key, key_bytes, is_after || (is_lower && (range->bounds & LDB_BOUND_GT) != 0), position);
}

/* Reports whether a key is behind the range. */
static bool is_behind(const struct ldb_range *range, const struct ldb_bytes *key) {
  if ((range->bounds & LDB_BOUND_PREFIX) != 0 &&
      (key->length < range->lower_bytes || (range->lower_bytes > 0 && memcmp(key->start, range->lower, range->lower_bytes) != 0)))
    return true;
  if ((range->bounds & (LDB_BOUND_LT | LDB_BOUND_LTE)) == 0) return false;
  int order = compare_keys(key->start, key->length, range->upper, range->upper_bytes);
  return order > 0 || (order == 0 && (range->bounds & LDB_BOUND_LT) != 0);
}

enum ldb_scan_outcome ldb_scan_read(const struct ldb_scan *scan, struct ldb_scan_position *position, struct ldb_scan_entry *entry) {
  while (position->slot >= position->count) {
    if (!position->has_fence) return LDB_SCAN_END;
    enum ldb_scan_outcome outcome = descend(scan, position->fence.start, position->fence.length, false, position);
    if (outcome != LDB_SCAN_FOUND) return outcome;
  }
  const uint8_t *place = ldb_slot_of(position->page, position->slot);
  const uint8_t *record = position->page + get16(place + 4);
  uint32_t field = get16(record);
  entry->key.start = (uint8_t *)(uintptr_t)(record + LEAF_KEY);
  entry->key.length = get16(place + 6);
  if (entry->key.length > scan->window->page_bytes >> 3) return LDB_SCAN_UNKNOWN;
  if (is_behind(scan->range, &entry->key)) return LDB_SCAN_END;
  if ((field & VALUE_INDIRECT) != 0) return LDB_SCAN_UNKNOWN;
  entry->value.start = entry->key.start + entry->key.length;
  entry->value.length = field & VALUE_LENGTH;
  return LDB_SCAN_FOUND;
}
