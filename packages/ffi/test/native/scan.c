/* scan.c: iterators that read pages in C, beside iterators of the engine over the same state, with writes and checkpoints between. */
#include <stdint.h>

#include "check.h"

#define KEYS 3000
#define PAIRS 6

static uint32_t seed;
static ldb_handle db;

static uint32_t random_below(uint32_t limit) {
  seed ^= seed << 13;
  seed ^= seed >> 17;
  seed ^= seed << 5;
  return seed % limit;
}

/* Keys with long and short common prefixes; a few are not whole in a page, one is empty. */
static size_t make_key(char key[2000], uint32_t number) {
  if (number == 0) return 0;
  int length = sprintf(key, "%s%u", number % 3 == 0 ? "a common prefix of some length " : number % 3 == 1 ? "b" : "", number * 7919u % KEYS);
  if (number % 401 == 0) {
    memset(key + length, 'x', 900);
    length += 900;
  }
  return (size_t)length;
}

static void put_random(void) {
  static char value[10000];
  char key[2000];
  size_t key_bytes = make_key(key, random_below(KEYS)), value_bytes = random_below(120);
  /* An extent. */
  if (random_below(100) == 0) value_bytes = 5000 + random_below(5000);
  memset(value, 'a' + (int)random_below(26), value_bytes);
  OK(ldb_put(db, key, key_bytes, value, value_bytes, NULL));
}

static void change(uint32_t count) {
  char key[2000];
  for (uint32_t index = 0; index < count; index++) {
    switch (random_below(20)) {
      case 0:
        OK(ldb_checkpoint(db));
        break;
      case 1:
      case 2:
      case 3: {
        size_t key_bytes = make_key(key, random_below(KEYS));
        OK(ldb_delete(db, key, key_bytes, NULL));
        break;
      }
      case 4: {
        char upper[2000];
        size_t lower_bytes = make_key(key, random_below(KEYS)), upper_bytes = make_key(upper, random_below(KEYS));
        const ldb_range range = {sizeof range, LDB_BOUND_GTE | LDB_BOUND_LT, key, lower_bytes, upper, upper_bytes};
        if (random_below(8) == 0) OK(ldb_delete_range(db, &range, NULL));
        break;
      }
      default:
        put_random();
    }
  }
}

/* An iterator of the keyspace or of a snapshot, and one of a transaction, which reads through the engine, over the same state and range. */
struct pair {
  ldb_handle transaction, view, engine, snapshot, snapshot_view, pages;
};

static void open_pair(struct pair *pair) {
  char lower[2000], upper[2000];
  size_t lower_bytes = make_key(lower, random_below(KEYS)), upper_bytes = make_key(upper, random_below(KEYS));
  static const uint32_t lowers[] = {0, LDB_BOUND_GTE, LDB_BOUND_GT, LDB_BOUND_PREFIX, 0}, uppers[] = {0, LDB_BOUND_LT, LDB_BOUND_LTE, 0, 0};
  uint32_t bounds = lowers[random_below(5)] | uppers[random_below(5)] | (random_below(8) == 0 ? LDB_BOUND_REVERSE : 0);
  if ((bounds & LDB_BOUND_PREFIX) != 0) lower_bytes = lower_bytes > 3 ? 3 : lower_bytes;
  const ldb_range range = {sizeof range, bounds, lower, lower_bytes, upper, upper_bytes};
  const ldb_transaction_options options = {sizeof options, LDB_ISOLATION_SNAPSHOT, 1};
  OK(ldb_transaction_begin(db, &options, &pair->transaction));
  OK(ldb_in(pair->transaction, db, &pair->view));
  OK(ldb_iterator_open(pair->view, &range, &pair->engine));
  pair->snapshot = pair->snapshot_view = 0;
  if (random_below(2) == 0) {
    OK(ldb_snapshot_open(db, &pair->snapshot));
    OK(ldb_in(pair->snapshot, db, &pair->snapshot_view));
    if (random_below(2) == 0) change(5);
    OK(ldb_iterator_open(pair->snapshot_view, &range, &pair->pages));
  } else {
    OK(ldb_iterator_open(db, &range, &pair->pages));
  }
}

static void close_pair(struct pair *pair) {
  ldb_close(pair->pages);
  if (pair->snapshot != 0) {
    ldb_close(pair->snapshot_view);
    ldb_close(pair->snapshot);
  }
  ldb_close(pair->engine);
  ldb_close(pair->view);
  ldb_close(pair->transaction);
}

static void compare_entries(const struct pair *pair, uint32_t operation) {
  const void *keys[2] = {NULL, NULL}, *values[2] = {NULL, NULL};
  size_t key_bytes[2] = {0, 0}, value_bytes[2] = {0, 0};
  int32_t pages = ldb_iterator_entry(pair->pages, &keys[0], &key_bytes[0], &values[0], &value_bytes[0]);
  int32_t engine = ldb_iterator_entry(pair->engine, &keys[1], &key_bytes[1], &values[1], &value_bytes[1]);
  int is_same = pages == engine && key_bytes[0] == key_bytes[1] && value_bytes[0] == value_bytes[1];
  is_same = is_same && (key_bytes[0] == 0 || memcmp(keys[0], keys[1], key_bytes[0]) == 0);
  is_same = is_same && (value_bytes[0] == 0 || memcmp(values[0], values[1], value_bytes[0]) == 0);
  if (!is_same) printf("operation %u: %d and %d\n", operation, pages, engine);
  CHECK(is_same);
}

static void operate(const struct pair *pair, uint32_t operation) {
  static char buffers[2][60000];
  char key[2000];
  int32_t pages, engine;
  switch (random_below(12)) {
    case 0:
      pages = ldb_iterator_first(pair->pages);
      engine = ldb_iterator_first(pair->engine);
      break;
    case 1:
      pages = ldb_iterator_last(pair->pages);
      engine = ldb_iterator_last(pair->engine);
      break;
    case 2:
    case 3: {
      size_t key_bytes = make_key(key, random_below(KEYS));
      pages = ldb_iterator_seek(pair->pages, key, key_bytes);
      engine = ldb_iterator_seek(pair->engine, key, key_bytes);
      break;
    }
    case 4:
    case 5:
      pages = ldb_iterator_previous(pair->pages);
      engine = ldb_iterator_previous(pair->engine);
      break;
    case 6:
    case 7: {
      size_t capacity = random_below(4) == 0 ? random_below(200) : random_below(sizeof buffers[0]), used[2] = {0, 0};
      uint32_t counts[2] = {0, 0};
      pages = ldb_iterator_next_batch(pair->pages, buffers[0], capacity, &used[0], &counts[0]);
      engine = LDB_ABSENT;
      /* A batch of pages may end before the buffer is full: what the engine packs is compared in as many parts. */
      if (pages == LDB_OK) engine = ldb_iterator_next_batch(pair->engine, buffers[1], used[0], &used[1], &counts[1]);
      else engine = ldb_iterator_next_batch(pair->engine, buffers[1], capacity, &used[1], &counts[1]);
      CHECK(used[0] == used[1] && counts[0] == counts[1]);
      CHECK(pages != LDB_OK || memcmp(buffers[0], buffers[1], used[0]) == 0);
      break;
    }
    default:
      pages = ldb_iterator_next(pair->pages);
      engine = ldb_iterator_next(pair->engine);
  }
  if (pages != engine) printf("operation %u: %d and %d\n", operation, pages, engine);
  CHECK(pages == engine);
  compare_entries(pair, operation);
}

static void compare_all(const char *root, const char *name, uint64_t cache_bytes, uint32_t operation_count) {
  char path[600], *json = NULL;
  struct pair pairs[PAIRS];
  ldb_open_options options;
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  options.durability = LDB_DURABILITY_NONE;
  options.cache_bytes = cache_bytes;
  snprintf(path, sizeof path, "%s/%s", root, name);
  OK(ldb_open(path, &options, &db));
  for (int index = 0; index < 2000; index++) put_random();
  for (int index = 0; index < PAIRS; index++) open_pair(&pairs[index]);
  for (uint32_t operation = 0; operation < operation_count && failure_count < 20; operation++) {
    if (random_below(30) == 0) change(random_below(10));
    if (random_below(100) == 0) {
      uint32_t index = random_below(PAIRS);
      close_pair(&pairs[index]);
      open_pair(&pairs[index]);
    }
    operate(&pairs[random_below(PAIRS)], operation);
  }
  OK(ldb_stats(db, &json));
  const char *window = strstr(json, "\"readWindow\"");
  unsigned answered = 0, entered = 0;
  CHECK(window != NULL && sscanf(window, "\"readWindow\":{\"answered\":%u,\"entered\":%u", &answered, &entered) == 2);
  printf("%s: %u moves and batches answered in C, %u by the engine, which has half of all\n", name, answered, entered);
  CHECK(answered > operation_count / 8);
  ldb_free(json);
  for (int index = 0; index < PAIRS; index++) close_pair(&pairs[index]);
  OK(ldb_close(db));
}

int main(int count, char **values) {
  if (count < 2) return 2;
  uint32_t operation_count = count > 2 ? (uint32_t)atol(values[2]) : 3000;
  seed = count > 3 ? (uint32_t)atol(values[3]) : 20250102;
  compare_all(values[1], "all pages in the cache", 16 << 20, operation_count);
  compare_all(values[1], "few pages in the cache", 128 << 10, operation_count / 2);
  return report();
}
