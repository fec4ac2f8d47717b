/* interrupted.c: files whose calls are interrupted by signals, and that transfer less than was asked for, now and then. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"

#define ENTRIES 800

static uint32_t state = 20250103;
static int is_on, interrupted_count, short_count;

static uint32_t random_below(uint32_t limit) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state % limit;
}

/* Reports whether a call is interrupted before it does anything. */
static int is_interrupted(void) {
  if (!is_on || random_below(3) != 0) return 0;
  interrupted_count++;
  errno = EINTR;
  return 1;
}

static size_t shortened(size_t byte_count) {
  if (!is_on || byte_count < 2 || random_below(3) != 0) return byte_count;
  short_count++;
  return 1 + random_below((uint32_t)(byte_count - 1));
}

/* These take the place of the functions of the system in the library, too: it is compiled for files above 2 GiB. */
ssize_t pread64(int descriptor, void *bytes, size_t byte_count, off64_t position) {
  if (is_interrupted()) return -1;
  return (ssize_t)syscall(SYS_pread64, descriptor, bytes, shortened(byte_count), position);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t byte_count, off64_t position) {
  if (is_interrupted()) return -1;
  return (ssize_t)syscall(SYS_pwrite64, descriptor, bytes, shortened(byte_count), position);
}

int fdatasync(int descriptor) { return is_interrupted() ? -1 : (int)syscall(SYS_fdatasync, descriptor); }

int fsync(int descriptor) { return is_interrupted() ? -1 : (int)syscall(SYS_fsync, descriptor); }

int ftruncate64(int descriptor, off64_t length) { return is_interrupted() ? -1 : (int)syscall(SYS_ftruncate, descriptor, length); }

int flock(int descriptor, int operation) { return is_interrupted() ? -1 : (int)syscall(SYS_flock, descriptor, operation); }

int open64(const char *path, int flags, ...) {
  va_list values;
  va_start(values, flags);
  int mode = (flags & O_CREAT) != 0 ? va_arg(values, int) : 0;
  va_end(values);
  return is_interrupted() ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

/* Linux closes the descriptor nevertheless: a second close of it could be that of another thread's file. */
int close(int descriptor) {
  int result = (int)syscall(SYS_close, descriptor);
  if (result != 0 && errno == EBADF) {
    printf("a descriptor is closed twice\n");
    failure_count++;
  }
  return result == 0 && is_interrupted() ? -1 : result;
}

static ldb_handle open_database(const char *path) {
  ldb_handle db = 0;
  ldb_open_options options;
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  options.cache_bytes = 64 << 10;
  options.blob_bytes = 4096;
  OK(ldb_open(path, &options, &db));
  return db;
}

static void make_entry(uint32_t number, char key[32], char *value, size_t *value_bytes) {
  snprintf(key, 32, "key %u", number);
  *value_bytes = number % 97 == 0 ? 20000 : number % 200;
  memset(value, 'a' + (int)(number % 26), *value_bytes);
}

static void check_entries(ldb_handle db) {
  static char expected[20000], found[20000];
  char key[32];
  size_t expected_bytes, length = 0;
  for (uint32_t number = 0; number < ENTRIES; number++) {
    make_entry(number, key, expected, &expected_bytes);
    OK(ldb_get(db, key, strlen(key), found, sizeof found, &length));
    CHECK(length == expected_bytes && memcmp(found, expected, length) == 0);
  }
}

int main(int count, char **values) {
  static char value[20000];
  char path[600], backup[600], restored[600], key[32], *json = NULL;
  size_t value_bytes;
  if (count != 2) return 2;
  snprintf(path, sizeof path, "%s/data", values[1]);
  snprintf(backup, sizeof backup, "%s/backup", values[1]);
  snprintf(restored, sizeof restored, "%s/restored", values[1]);
  is_on = 1;
  ldb_handle db = open_database(path);
  for (uint32_t number = 0; number < ENTRIES; number++) {
    make_entry(number, key, value, &value_bytes);
    const ldb_write_options options = {sizeof options, number % 10 == 0 ? LDB_DURABILITY_FULL : LDB_DURABILITY_NONE, 0};
    OK(ldb_put(db, key, strlen(key), value, value_bytes, &options));
    if (number % 300 == 299) OK(ldb_checkpoint(db));
  }
  check_entries(db);
  OK(ldb_backup(db, backup, 0, NULL));
  OK(ldb_verify(db, &json));
  CHECK(json != NULL && strstr(json, "\"ok\":true") != NULL);
  ldb_free(json);
  OK(ldb_close(db));
  db = open_database(path);
  check_entries(db);
  OK(ldb_close(db));
  OK(ldb_restore(backup, restored, NULL, -1, NULL));
  is_on = 0;
  db = open_database(restored);
  check_entries(db);
  OK(ldb_close(db));
  printf("%d calls interrupted, %d short transfers\n", interrupted_count, short_count);
  CHECK(interrupted_count > 300 && short_count > 100);
  return report();
}
