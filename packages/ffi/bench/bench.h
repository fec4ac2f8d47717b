/* bench.h: what the programs of the benchmark share. Each row is run by one store at a time, by the same loop. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_BYTES 16
#define VALUE_BYTES 100

/* A store under measurement. Functions end the program when they fail; one that is NULL has no row. */
struct store {
  const char *name;
  void (*open)(const char *path, bool is_synced);
  void (*close)(void);
  void (*put)(const char *key, const char *value);
  /* Writes a batch of keys, `number` on. */
  void (*put_batch)(uint32_t number, uint32_t count);
  /* Returns the length of the value, which is copied. */
  size_t (*get)(const char *key, char *value);
  /* Returns the number of entries. */
  uint32_t (*scan)(void);
};

extern const struct store ldb_store;
#ifdef HAVE_LEVELDB
extern const struct store leveldb_store;
#endif
#ifdef HAVE_SQLITE
extern const struct store sqlite_store;
#endif

void make_key(uint32_t number, char key[KEY_BYTES]);
_Noreturn void stop(const char *what, const char *text);

#endif
