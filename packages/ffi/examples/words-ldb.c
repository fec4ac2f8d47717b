/* words-ldb.c: counts words with LDB. words-leveldb.c is the same program with LevelDB. words-ldb PATH */
#include <ldb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(int32_t status) {
  if (status >= 0) return;
  fprintf(stderr, "%s: %s\n", ldb_status_name(status), ldb_last_error());
  exit(1);
}

int main(int count, char **values) {
  static const char *const words[] = {"to", "be", "or", "not", "to", "be"};
  if (count != 2) return 2;

  /* A missing database is created, and a commit is synced, by default. */
  ldb_handle db;
  check(ldb_open(values[1], NULL, &db));

  for (size_t index = 0; index < sizeof words / sizeof *words; index++) {
    size_t length;
    char text[16];
    void *found = NULL;
    check(ldb_get_alloc(db, words[index], strlen(words[index]), &found, &length));
    int number = found == NULL ? 0 : atoi(found);
    ldb_free(found);
    snprintf(text, sizeof text, "%d", number + 1);
    check(ldb_put(db, words[index], strlen(words[index]), text, strlen(text) + 1, NULL));
  }

  ldb_handle snapshot, batch, old;
  check(ldb_snapshot_open(db, &snapshot));
  check(ldb_in(snapshot, db, &old));
  check(ldb_batch_open(db, &batch));
  check(ldb_batch_delete(batch, db, "not", 3));
  check(ldb_batch_put(batch, db, "question", 8, "1", 2, NULL));
  check(ldb_batch_commit(batch, NULL));
  check(ldb_close(batch));

  for (int turn = 0; turn < 2; turn++) {
    ldb_handle iterator;
    check(ldb_iterator_open(turn == 0 ? old : db, NULL, &iterator));
    int32_t status = ldb_iterator_seek(iterator, "n", 1);
    for (; status == LDB_OK; status = ldb_iterator_next(iterator)) {
      size_t key_bytes, value_bytes;
      const void *key, *value;
      check(ldb_iterator_entry(iterator, &key, &key_bytes, &value, &value_bytes));
      printf("%.*s %s\n", (int)key_bytes, (const char *)key, (const char *)value);
    }
    check(status);
    check(ldb_close(iterator));
    printf("-\n");
  }
  check(ldb_close(old));
  check(ldb_close(snapshot));
  check(ldb_close(db));
  return 0;
}
