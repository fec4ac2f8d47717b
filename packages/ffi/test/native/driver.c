/* driver.c: what the tests of Node.js ask the library to do. Results are lines on the standard output. */
#include <unistd.h>

#include "check.h"

static int failed(const char *call, int32_t status) {
  printf("error %s %s: %s\n", call, ldb_status_name(status), ldb_last_error());
  return 1;
}

#define RUN(call) \
  do { \
    int32_t status_ = (call); \
    if (status_ < 0) return failed(#call, status_); \
  } while (0)

/* Values of many sizes, in every keyspace the same: a test computes them, too. */
static size_t value_of(int index, char *value) {
  size_t length = index % 10 == 9 ? 40000 : (size_t)(index % 7) * 30 + 1;
  memset(value, 'a' + index % 26, length);
  return length;
}

static int fill(ldb_handle db, ldb_handle keyspace, int start, int count) {
  static char value[40000];
  char key[16];
  ldb_handle batch = 0;
  RUN(ldb_batch_open(db, &batch));
  for (int index = start; index < start + count; index++) {
    snprintf(key, sizeof key, "key%06d", index);
    size_t length = value_of(index, value);
    RUN(index % 2 == 0 ? ldb_put(keyspace, key, 9, value, length, NULL)
                       : ldb_batch_put(batch, keyspace, key, 9, value, length, NULL));
  }
  RUN(ldb_batch_commit(batch, NULL));
  RUN(ldb_close(batch));
  return 0;
}

/* Prints each entry as its key, the length of its value and its first byte. */
static int dump(ldb_handle keyspace) {
  ldb_handle iterator = 0;
  const void *key = NULL, *value = NULL;
  size_t key_bytes = 0, value_bytes = 0;
  RUN(ldb_iterator_open(keyspace, NULL, &iterator));
  while (ldb_iterator_next(iterator) == LDB_OK) {
    RUN(ldb_iterator_entry(iterator, &key, &key_bytes, &value, &value_bytes));
    printf("%.*s %zu %c\n", (int)key_bytes, (const char *)key, value_bytes, value_bytes > 0 ? *(const char *)value : '-');
  }
  RUN(ldb_close(iterator));
  return 0;
}

/* Writes until it is killed; a line says that a commit was acknowledged. */
static int write_on(ldb_handle db) {
  char key[16];
  for (int index = 0;; index++) {
    snprintf(key, sizeof key, "key%06d", index);
    RUN(put(db, key, key));
    printf("%d\n", index);
    fflush(stdout);
  }
}

static int run(ldb_handle db, ldb_handle keyspace, int count, char **values) {
  const char *command = values[1];
  char *json = NULL;
  if (strcmp(command, "fill") == 0 && count == 8) return fill(db, keyspace, atoi(values[6]), atoi(values[7]));
  if (strcmp(command, "dump") == 0) return dump(keyspace);
  if (strcmp(command, "write") == 0) return write_on(db);
  if (strcmp(command, "verify") == 0) {
    RUN(ldb_verify(db, &json));
    printf("%s\n", json);
    ldb_free(json);
    return 0;
  }
  if (strcmp(command, "hold") == 0) {
    printf("open\n");
    fflush(stdout);
    return getchar() == EOF ? 0 : 0;
  }
  return 2;
}

#define PASSPHRASE "passphrase:"

/* driver COMMAND PATH DURABILITY KEY|passphrase:TEXT|- KEYSPACE|- ... */
int main(int count, char **values) {
  if (count < 6) return 2;
  ldb_handle db = 0, keyspace = 0;
  ldb_secret secret = {sizeof secret, values[4], strlen(values[4]), NULL};
  ldb_open_options options;
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  options.durability = (uint32_t)atoi(values[3]);
  if (strncmp(values[4], PASSPHRASE, strlen(PASSPHRASE)) == 0) {
    secret.passphrase = values[4] + strlen(PASSPHRASE);
    secret.key = NULL;
    secret.key_bytes = 0;
  }
  if (strcmp(values[4], "-") != 0) options.secret = &secret;
  RUN(ldb_open(values[2], &options, &db));
  keyspace = db;
  ldb_keyspace_options keyspace_options;
  memset(&keyspace_options, 0, sizeof keyspace_options);
  keyspace_options.size = sizeof keyspace_options;
  if (strcmp(values[5], "lsm") == 0) {
    keyspace_options.engine = LDB_ENGINE_LSM;
    keyspace_options.compression = LDB_COMPRESSION_DEFLATE;
  }
  if (strcmp(values[5], "-") != 0) RUN(ldb_keyspace_open(db, values[5], &keyspace_options, &keyspace));
  int result = run(db, keyspace, count, values);
  RUN(ldb_close(db));
  return result;
}
