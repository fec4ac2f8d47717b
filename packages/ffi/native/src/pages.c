/* pages.c: finding and searching resident pages. */
#include "pages.h"

/* Pages of a group of the page table. */
#define GROUP_SHIFT 6
/* A use counter of a page is at most this. */
#define USES_MAX 3

/* Returns a resident page, and counts a use of it; NULL when it is not resident. */
const uint8_t *ldb_find_page(const struct ldb_window *window, uint32_t number, uint32_t level) {
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

struct search {
  const uint8_t *page, *key;
  size_t key_bytes, prefix;
  uint32_t key_offset, key_part_max;
};

/* Compares the key with that of a slot. `is_unknown` is set when the rest of the stored key is not in the page. */
static int compare(const struct search *search, uint32_t slot, bool *is_unknown) {
  const uint8_t *place = ldb_slot_of(search->page, slot);
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
    if (get32(ldb_slot_of(page, middle)) < head) low = middle + 1;
    else high = middle;
  }
  return low;
}

/* Searches the slots of a page from `first` on. */
struct ldb_found ldb_search_page(uint32_t key_part_max, const uint8_t *page, uint32_t first, const uint8_t *key, size_t key_bytes) {
  const struct search search = {page, key, key_bytes, get16(page + PREFIX), page[LEVEL] > 0 ? BRANCH_KEY : LEAF_KEY,
                                key_part_max};
  struct ldb_found found = {0, false, false};
  uint32_t count = get16(page + COUNT);
  if (search.prefix != 0 && (page[FLAGS] & FLAG_EDGE) != 0 && count > first) {
    const uint8_t *stored = page + get16(ldb_slot_of(page, first) + 4) + search.key_offset;
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
  if (low < count && get32(ldb_slot_of(page, low)) == head) high = first_head(page, low + 1, count, head + 1);
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

int32_t ldb_search_slots(struct ldb_bytes arena, size_t page, uint32_t first, struct ldb_bytes key, size_t start, size_t end, uint32_t key_part_max) {
  if (page >= arena.length || start > end || end > key.length) return INT32_MAX;
  struct ldb_found found = ldb_search_page(key_part_max, arena.start + page, first, key.start + start, end - start);
  if (found.is_unknown) return INT32_MAX;
  return found.is_equal ? (int32_t)found.slot : ~(int32_t)found.slot;
}
