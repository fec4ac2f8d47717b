/*
 * window.c: gets that are answered in C, compared with a model; and readers beside a writer.
 *
 * Arguments: directory, number of operations, seed. Every state that a get may see is made by single operations, batches, range deletes, transactions,
 * checkpoints, compactions and reopening, with a large cache and one that evicts.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "check.h"

#define KEYS 3000
#define CACHED 100000
#define READERS 3
#define VALUE_MAX 6000
#define KEY_MAX 700
#define SMALLEST_CACHE 65536

/* -- Model: the length of the value of each key, -1 without one, and what it is made of -- */

static int lengths[KEYS];
static uint32_t contents[KEYS];
static uint32_t state;
static char root[512];

static uint32_t next_random(void) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

/* Keys of many kinds, in the order of their numbers within each: short ones, ones with a long common prefix, ones that are not whole in a page. */
static size_t key_of(uint32_t number, char *key) {
  switch (number % 8) {
    case 0:
      return (size_t)snprintf(key, KEY_MAX, "%u", number);
    case 1:
      memset(key, 'p', 480);
      return 480 + (size_t)snprintf(key + 480, KEY_MAX - 480, "%04u", number);
    case 2:
      memset(key, 'p', 520);
      return 520 + (size_t)snprintf(key + 520, KEY_MAX - 520, "%04u", number);
    case 3:
      memset(key, 0, 8);
      key[number / 8 % 8] = (char)(number / 64);
      return number / 8 % 8 + 1;
    default:
      return (size_t)snprintf(key, KEY_MAX, "common prefix of keys %04u", number);
  }
}

static void value_of(uint32_t content, int length, char *value) {
  for (int index = 0; index < length; index++) value[index] = (char)(content + (uint32_t)index * 7);
}

static int random_length(void) {
  uint32_t kind = next_random() % 20;
  return (int)(next_random() % (kind == 0 ? VALUE_MAX : kind < 3 ? 1200 : 150));
}

/* Keys of different numbers may be equal: those of kind 3. They are one entry of the model. */
static uint32_t entry_of(uint32_t number) {
  if (number % 8 != 3) return number;
  char key[KEY_MAX], other[KEY_MAX];
  size_t bytes = key_of(number, key);
  for (uint32_t each = 3; each < number; each += 8)
    if (key_of(each, other) == bytes && memcmp(key, other, bytes) == 0) return each;
  return number;
}

static uint32_t entries[KEYS];
static int wrong_count;

static void compare_get(ldb_handle keyspace, uint32_t number, const int *model_lengths, const uint32_t *model_contents) {
  static char key[KEY_MAX], value[VALUE_MAX], expected[VALUE_MAX];
  size_t length = 0, key_bytes = key_of(number, key);
  uint32_t entry = entries[number];
  int32_t status = ldb_get(keyspace, key, key_bytes, value, sizeof value, &length);
  bool is_right = status == (model_lengths[entry] < 0 ? LDB_ABSENT : LDB_OK);
  if (is_right && status == LDB_OK) {
    value_of(model_contents[entry], model_lengths[entry], expected);
    is_right = (int)length == model_lengths[entry] && memcmp(value, expected, length) == 0;
  }
  if (is_right && ldb_has(keyspace, key, key_bytes) != status) is_right = false;
  if (!is_right) wrong_count++;
}

static void change(ldb_handle keyspace, ldb_handle batch) {
  static char key[KEY_MAX], value[VALUE_MAX];
  uint32_t number = next_random() % KEYS, entry = entries[number];
  size_t key_bytes = key_of(number, key);
  if (next_random() % 4 == 0) {
    OK(batch != 0 ? ldb_batch_delete(batch, keyspace, key, key_bytes) : ldb_delete(keyspace, key, key_bytes, NULL));
    lengths[entry] = -1;
    return;
  }
  lengths[entry] = random_length();
  contents[entry] = next_random();
  value_of(contents[entry], lengths[entry], value);
  size_t length = (size_t)lengths[entry];
  OK(batch != 0 ? ldb_batch_put(batch, keyspace, key, key_bytes, value, length, NULL) : ldb_put(keyspace, key, key_bytes, value, length, NULL));
}

static void change_by_batch(ldb_handle db) {
  ldb_handle batch = 0;
  OK(ldb_batch_open(db, &batch));
  for (uint32_t count = next_random() % 50; count > 0; count--) change(db, batch);
  OK(ldb_batch_commit(batch, NULL));
  OK(ldb_close(batch));
}

static void change_by_transaction(ldb_handle db) {
  ldb_handle transaction = 0, view = 0;
  OK(ldb_transaction_begin(db, NULL, &transaction));
  OK(ldb_in(transaction, db, &view));
  change(view, 0);
  /* The view has what the database does not have yet. */
  compare_get(view, next_random() % KEYS, lengths, contents);
  OK(ldb_transaction_commit(transaction, NULL));
  OK(ldb_close(view));
  OK(ldb_close(transaction));
}

/* Deletes a few of the keys with the common prefix. */
static void delete_range(ldb_handle db) {
  char lower[KEY_MAX], upper[KEY_MAX];
  uint32_t start = next_random() % (KEYS - 40) / 8 * 8 + 4;
  ldb_range range;
  memset(&range, 0, sizeof range);
  range.size = sizeof range;
  range.lower = lower;
  range.lower_bytes = key_of(start, lower);
  range.upper = upper;
  range.upper_bytes = key_of(start + 16, upper);
  range.bounds = LDB_BOUND_GTE | LDB_BOUND_LT;
  OK(ldb_delete_range(db, &range, NULL));
  for (uint32_t number = start; number < start + 16; number++)
    if (number % 8 >= 4) lengths[number] = -1;
}

static void open_database(const char *path, uint64_t cache_bytes, ldb_handle *db) {
  ldb_open_options options;
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  options.durability = LDB_DURABILITY_NONE;
  options.cache_bytes = cache_bytes;
  OK(ldb_open(path, &options, db));
  if (*db == 0) exit(report());
}

static double count_of(ldb_handle db, const char *name) {
  char *json = NULL;
  double count = -1;
  OK(ldb_stats(db, &json));
  const char *window = strstr(json, "\"readWindow\":{"), *place = window == NULL ? NULL : strstr(window, name);
  if (place != NULL) count = strtod(place + strlen(name) + 2, NULL);
  ldb_free(json);
  return count;
}

static void fuzz(int operations, uint64_t cache_bytes) {
  static int old_lengths[KEYS];
  static uint32_t old_contents[KEYS];
  char path[600];
  ldb_handle db = 0, snapshot = 0, view = 0;
  snprintf(path, sizeof path, "%s/fuzz-%u", root, (unsigned)(cache_bytes >> 10));
  for (uint32_t number = 0; number < KEYS; number++) {
    lengths[number] = -1;
    entries[number] = entry_of(number);
  }
  open_database(path, cache_bytes, &db);
  for (int index = 0; index < KEYS / 20; index++) change_by_batch(db);
  for (int index = 0; index < operations; index++) {
    uint32_t kind = next_random() % 1000;
    if (kind < 200) change(db, 0);
    else if (kind < 205) change_by_batch(db);
    else if (kind < 210) change_by_transaction(db);
    else if (kind < 212) delete_range(db);
    else if (kind < 214) {
      if (view != 0) {
        for (int probe = 0; probe < 20; probe++) compare_get(view, next_random() % KEYS, old_lengths, old_contents);
        OK(ldb_close(view));
        OK(ldb_close(snapshot));
        view = 0;
      } else {
        OK(ldb_snapshot_open(db, &snapshot));
        OK(ldb_in(snapshot, db, &view));
        memcpy(old_lengths, lengths, sizeof lengths);
        memcpy(old_contents, contents, sizeof contents);
      }
    } else if (kind == 214) OK(ldb_checkpoint(db));
    else if (kind == 215 && next_random() % 20 == 0) OK(ldb_compact(db));
    else if (kind == 216 && next_random() % 10 == 0) {
      OK(ldb_close(db));
      if (view != 0) OK(ldb_close(view));
      if (view != 0) OK(ldb_close(snapshot));
      db = view = 0;
      open_database(path, cache_bytes, &db);
    } else compare_get(db, next_random() % KEYS, lengths, contents);
    compare_get(db, next_random() % KEYS, lengths, contents);
  }
  for (uint32_t number = 0; number < KEYS; number++) compare_get(db, number, lengths, contents);
  CHECK(wrong_count == 0);
  printf("cache of %llu bytes: %.0f gets answered in C, %.0f by the engine since it was opened\n", (unsigned long long)cache_bytes,
         count_of(db, "answered"), count_of(db, "entered"));
  OK(ldb_close(db));
}

/* -- What is answered in C, and what is not -- */

/* Gets of a database of which everything is cached are answered in C. */
static void count_answers(void) {
  char path[600], key[32], value[100];
  ldb_handle db = 0, batch = 0;
  size_t length = 0;
  int missed = 0;
  snprintf(path, sizeof path, "%s/cached", root);
  open_database(path, 64 << 20, &db);
  OK(ldb_batch_open(db, &batch));
  memset(value, 'v', sizeof value);
  for (int index = 0; index < CACHED; index++) {
    snprintf(key, sizeof key, "%016x", (unsigned)index * 2654435769u);
    if (ldb_batch_put(batch, db, key, 16, value, sizeof value, NULL) != LDB_OK) missed++;
  }
  OK(ldb_batch_commit(batch, NULL));
  OK(ldb_close(batch));
  double entered = count_of(db, "entered"), answered = count_of(db, "answered");
  for (int index = 0; index < CACHED; index++) {
    snprintf(key, sizeof key, "%016x", next_random() % CACHED * 2654435769u);
    if (ldb_get(db, key, 16, value, sizeof value, &length) != LDB_OK || length != sizeof value) missed++;
  }
  CHECK(missed == 0);
  entered = count_of(db, "entered") - entered;
  answered = count_of(db, "answered") - answered;
  printf("%.0f gets answered in C, %.0f by the engine\n", answered, entered);
  CHECK(answered + entered == CACHED);
  CHECK(answered >= 0.99 * CACHED);
  OK(ldb_close(db));
}

static bool is_answered(ldb_handle db, ldb_handle keyspace, int32_t expected) {
  char value[64];
  size_t length = 0;
  double before;
  /* The first get publishes. */
  EXPECT(expected, ldb_get(keyspace, "key", 3, value, sizeof value, &length));
  before = count_of(db, "answered");
  EXPECT(expected, ldb_get(keyspace, "key", 3, value, sizeof value, &length));
  return count_of(db, "answered") == before + 1;
}

/* Values that may expire, and those of the other engine, are read by the engine; as is what is dropped or closed. */
static void check_conditions(void) {
  ldb_handle db = 0, plain = 0, other = 0;
  ldb_keyspace_options options;
  ldb_write_options write;
  void *copy = NULL;
  size_t length = 0;
  char value[8];
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  memset(&write, 0, sizeof write);
  write.size = sizeof write;
  OK(ldb_open(NULL, NULL, &db));
  OK(ldb_keyspace_open(db, "plain", &options, &plain));
  options.engine = LDB_ENGINE_LSM;
  OK(ldb_keyspace_open(db, "other", &options, &other));
  OK(put(other, "key", "value"));
  CHECK(!is_answered(db, other, LDB_OK));
  OK(put(plain, "key", "value"));
  CHECK(is_answered(db, plain, LDB_OK));
  CHECK(is_answered(db, db, LDB_ABSENT));
  EXPECT(LDB_BUFFER_TOO_SMALL, ldb_get(plain, "key", 3, value, 4, &length));
  CHECK(length == 5);
  OK(ldb_get_alloc(plain, "key", 3, &copy, &length));
  CHECK(length == 5 && strcmp(copy, "value") == 0);
  ldb_free(copy);
  OK(put(plain, "", ""));
  OK(ldb_get(plain, NULL, 0, NULL, 0, &length));
  CHECK(length == 0);
  EXPECT(LDB_INVALID_ARGUMENT, ldb_get(plain, NULL, 3, value, sizeof value, &length));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_get(plain, "key", 3, NULL, 4, &length));
  EXPECT(LDB_INVALID_ARGUMENT, ldb_get(plain, "key", 3, value, sizeof value, NULL));
  /* From the first value that may expire on. */
  write.ttl_ms = 60000;
  OK(ldb_put(plain, "brief", 5, "value", 5, &write));
  CHECK(!is_answered(db, plain, LDB_OK));
  OK(ldb_keyspace_open(db, "dropped", NULL, &other));
  OK(put(other, "key", "value"));
  CHECK(is_answered(db, other, LDB_OK));
  OK(ldb_keyspace_drop(db, "dropped"));
  EXPECT(LDB_NOT_FOUND, ldb_get(other, "key", 3, value, sizeof value, &length));
  OK(ldb_close(other));
  EXPECT(LDB_CLOSED, ldb_get(other, "key", 3, value, sizeof value, &length));
  CHECK(is_answered(db, db, LDB_ABSENT));
  OK(ldb_close(db));
  EXPECT(LDB_CLOSED, ldb_get(db, "key", 3, value, sizeof value, &length));
  EXPECT(LDB_CLOSED, ldb_get(plain, "key", 3, value, sizeof value, &length));
}

/* -- Readers beside a writer -- */

#define SHARED 400

static ldb_handle shared;
static atomic_uint acknowledged[SHARED];
static atomic_int failed, is_done;
static _Atomic uint64_t read_count;

/* A value has its key and its version, many times. */
static size_t shared_value(uint32_t number, uint32_t version, uint32_t *value) {
  size_t count = 2 + (number * 7 + version) % 60 * 2;
  for (size_t index = 0; index < count; index += 2) {
    value[index] = number;
    value[index + 1] = version;
  }
  return count * sizeof *value;
}

/* Each get returns one whole version, not older than what was acknowledged before it. */
static void *read_shared(void *argument) {
  uint32_t seed = 77 + (uint32_t)(uintptr_t)argument, value[256], expected[256];
  char key[16];
  while (!atomic_load(&is_done)) {
    seed = seed * 1664525 + 1013904223;
    uint32_t number = (seed >> 8) % SHARED, oldest = atomic_load(&acknowledged[number]);
    size_t length = 0;
    snprintf(key, sizeof key, "s%06u", number);
    int32_t status = ldb_get(shared, key, 7, value, sizeof value, &length);
    if (status == LDB_CLOSED && atomic_load(&is_done)) break;
    if (status == LDB_ABSENT && oldest == 0) continue;
    if (status != LDB_OK || length < 8 || value[0] != number || value[1] < oldest) atomic_fetch_add(&failed, 1);
    else if (shared_value(number, value[1], expected) != length || memcmp(value, expected, length) != 0) atomic_fetch_add(&failed, 1);
    atomic_fetch_add(&read_count, 1);
  }
  return NULL;
}

static void write_shared(int operations) {
  static uint32_t value[256];
  char key[16];
  for (int index = 0; index < operations; index++) {
    uint32_t number = next_random() % SHARED, version = atomic_load(&acknowledged[number]) + 1;
    snprintf(key, sizeof key, "s%06u", number);
    size_t length = shared_value(number, version, value);
    OK(ldb_put(shared, key, 7, value, length, NULL));
    atomic_store(&acknowledged[number], version);
    if (index % 500 == 499) OK(ldb_checkpoint(shared));
    /* Handles and structures of databases that are used again. */
    if (index % 100 == 50) {
      ldb_handle other = 0;
      OK(ldb_open(NULL, NULL, &other));
      OK(put(other, "key", "value"));
      CHECK(has_value(other, "key", "value"));
      OK(ldb_close(other));
    }
  }
}

static void share(int operations) {
  pthread_t threads[READERS];
  char path[600];
  snprintf(path, sizeof path, "%s/shared", root);
  /* Pages are evicted while others are read. */
  open_database(path, SMALLEST_CACHE, &shared);
  for (uintptr_t index = 0; index < READERS; index++) pthread_create(&threads[index], NULL, read_shared, (void *)index);
  write_shared(operations);
  CHECK(count_of(shared, "answered") > 0);
  atomic_store(&is_done, 1);
  /* The close is beside the last reads. */
  OK(ldb_close(shared));
  for (int index = 0; index < READERS; index++) pthread_join(threads[index], NULL);
  printf("%llu reads beside %d writes\n", (unsigned long long)atomic_load(&read_count), operations);
  CHECK(atomic_load(&failed) == 0);
}

int main(int count, char **values) {
  if (count < 2) return 2;
  int operations = count > 2 ? atoi(values[2]) : 4000;
  snprintf(root, sizeof root, "%s", values[1]);
  state = count > 3 ? (uint32_t)strtoul(values[3], NULL, 10) | 1 : 20250101;
  printf("seed %u\n", state);
  check_conditions();
  fuzz(operations / 2, 16 << 20);
  fuzz(operations / 2, SMALLEST_CACHE);
  count_answers();
  share(operations / 10);
  return report();
}
