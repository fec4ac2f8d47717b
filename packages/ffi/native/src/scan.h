/* scan.h: iteration over the resident pages of a B+tree, forwards. */
#ifndef LDB_SCAN_H
#define LDB_SCAN_H

#include "pages.h"

/* The state of a tree that a scan reads, and its range. */
struct ldb_scan {
  const struct ldb_window *window;
  uint32_t root_page, root_level;
  const struct ldb_range *range;
};

enum ldb_scan_outcome { LDB_SCAN_FOUND, LDB_SCAN_END, LDB_SCAN_UNKNOWN };

/* A position in a leaf, and the lower bound of the next leaf. */
struct ldb_scan_position {
  const uint8_t *page;
  uint32_t slot, count;
  struct ldb_bytes fence;
  bool has_fence;
};

struct ldb_scan_entry {
  struct ldb_bytes key, value;
};

/* Goes to the first entry of the range at a key, or after it; without a key to the first one. LDB_SCAN_FOUND says nothing about an entry. */
enum ldb_scan_outcome ldb_scan_seek(const struct ldb_scan *scan, const uint8_t *key, size_t key_bytes, bool is_after, struct ldb_scan_position *position);
/* Reads the entry at the position, or after it in the next leaf. Does not move over it: increment `slot`. */
enum ldb_scan_outcome ldb_scan_read(const struct ldb_scan *scan, struct ldb_scan_position *position, struct ldb_scan_entry *entry);

#endif
