/* words-leveldb.c: counts words with LevelDB. words-ldb.c is the same program with LDB. words-leveldb PATH */
#include <leveldb/c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(char *error) {
  if (error == NULL) return;
  fprintf(stderr, "%s\n", error);
  exit(1);
}

int main(int count, char **values) {
  char *error = NULL;
  static const char *const words[] = {"to", "be", "or", "not", "to", "be"};
  if (count != 2) return 2;

  leveldb_options_t *options = leveldb_options_create();
  leveldb_options_set_create_if_missing(options, 1);
  leveldb_t *db = leveldb_open(options, values[1], &error);
  check(error);
  leveldb_readoptions_t *read = leveldb_readoptions_create();
  leveldb_writeoptions_t *write = leveldb_writeoptions_create();
  leveldb_writeoptions_set_sync(write, 1);

  for (size_t index = 0; index < sizeof words / sizeof *words; index++) {
    size_t length;
    char text[16];
    char *found = leveldb_get(db, read, words[index], strlen(words[index]), &length, &error);
    check(error);
    int number = found == NULL ? 0 : atoi(found);
    leveldb_free(found);
    snprintf(text, sizeof text, "%d", number + 1);
    leveldb_put(db, write, words[index], strlen(words[index]), text, strlen(text) + 1, &error);
    check(error);
  }

  const leveldb_snapshot_t *snapshot = leveldb_create_snapshot(db);
  leveldb_writebatch_t *batch = leveldb_writebatch_create();
  leveldb_writebatch_delete(batch, "not", 3);
  leveldb_writebatch_put(batch, "question", 8, "1", 2);
  leveldb_write(db, write, batch, &error);
  check(error);
  leveldb_writebatch_destroy(batch);

  for (int turn = 0; turn < 2; turn++) {
    leveldb_readoptions_set_snapshot(read, turn == 0 ? snapshot : NULL);
    leveldb_iterator_t *iterator = leveldb_create_iterator(db, read);
    for (leveldb_iter_seek(iterator, "n", 1); leveldb_iter_valid(iterator); leveldb_iter_next(iterator)) {
      size_t key_bytes, value_bytes;
      const char *key = leveldb_iter_key(iterator, &key_bytes);
      const char *value = leveldb_iter_value(iterator, &value_bytes);
      printf("%.*s %s\n", (int)key_bytes, key, value);
    }
    leveldb_iter_get_error(iterator, &error);
    check(error);
    leveldb_iter_destroy(iterator);
    printf("-\n");
  }
  leveldb_release_snapshot(db, snapshot);
  leveldb_readoptions_destroy(read);
  leveldb_writeoptions_destroy(write);
  leveldb_close(db);
  leveldb_options_destroy(options);
  return 0;
}
