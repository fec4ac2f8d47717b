/* host.c: the host functions, by group. */
#include "host.h"

#include <errno.h>
#include <string.h>

int ldb_path_of(const struct ldb_host_arguments *arguments, int index, char target[LDB_PATH_BYTES]) {
  const struct ldb_bytes bytes = arguments->bytes[index];
  double length = arguments->numbers[index + 1];
  if (length < 0 || length >= LDB_PATH_BYTES) return -ENAMETOOLONG;
  if (length > (double)bytes.length) return -EINVAL;
  memcpy(target, bytes.start, (size_t)length);
  target[(size_t)length] = 0;
  return 0;
}

double ldb_text_result(const struct ldb_host_arguments *arguments, int index, const char *text, size_t length) {
  const struct ldb_bytes target = arguments->bytes[index];
  if (length > target.length) return -ENAMETOOLONG;
  memcpy(target.start, text, length);
  return (double)length;
}

double ldb_host_call(enum ldb_host_function function, const struct ldb_host_arguments *arguments) {
  switch (function) {
    case LDB_HOST_CLOSE:
    case LDB_HOST_READ:
    case LDB_HOST_WRITE:
    case LDB_HOST_SYNC:
    case LDB_HOST_TRUNCATE:
    case LDB_HOST_STAT_DESCRIPTOR:
    case LDB_HOST_LOCK_DESCRIPTOR:
      return ldb_host_files(function, arguments);
    case LDB_HOST_OPEN:
    case LDB_HOST_STATUS:
    case LDB_HOST_STAT_FILE_SYSTEM:
    case LDB_HOST_LIST:
    case LDB_HOST_MAKE_DIRECTORY:
    case LDB_HOST_REMOVE_DIRECTORY:
    case LDB_HOST_REMOVE:
    case LDB_HOST_RENAME:
    case LDB_HOST_LINK:
    case LDB_HOST_COPY:
    case LDB_HOST_REAL_PATH:
    case LDB_HOST_READ_LINK:
      return ldb_host_paths(function, arguments);
    default:
      return ldb_host_system(function, arguments);
  }
}
