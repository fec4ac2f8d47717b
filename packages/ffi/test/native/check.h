/* check.h: checks of the C tests. A failed check is printed, and makes the program fail. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ldb.h"

static int check_count, failure_count;

#define CHECK(condition) \
  do { \
    check_count++; \
    if (!(condition)) { \
      failure_count++; \
      printf("%s:%d: %s: %s\n", __FILE__, __LINE__, #condition, ldb_last_error()); \
    } \
  } while (0)

/* Checks the status of a call. */
#define EXPECT(expected, call) \
  do { \
    int32_t status_ = (call); \
    check_count++; \
    if (status_ != (expected)) { \
      failure_count++; \
      printf("%s:%d: %s is %s, not %s: %s\n", __FILE__, __LINE__, #call, ldb_status_name(status_), ldb_status_name(expected), \
             ldb_last_error()); \
    } \
  } while (0)

#define OK(call) EXPECT(LDB_OK, call)

static inline int report(void) {
  printf("%d checks, %d failed\n", check_count, failure_count);
  return failure_count == 0 && check_count > 0 ? 0 : 1;
}

/* Reports whether a key has a value. */
static inline int has_value(ldb_handle keyspace, const char *key, const char *value) {
  char buffer[256];
  size_t length = 0;
  return ldb_get(keyspace, key, strlen(key), buffer, sizeof buffer, &length) == LDB_OK && length == strlen(value) &&
         memcmp(buffer, value, length) == 0;
}

static inline int32_t put(ldb_handle keyspace, const char *key, const char *value) {
  return ldb_put(keyspace, key, strlen(key), value, strlen(value), NULL);
}

#endif
