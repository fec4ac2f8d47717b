/* host-files.c: operations on open files. */
#include "host.h"

#include <errno.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file-status.h"

/* Greatest transfer of one system call. */
#define TRANSFER_BYTES_MAX (1u << 30)

/* Reads or writes once. The caller, which knows how much is missing, calls again. */
static double transfer(enum ldb_host_function function, const struct ldb_host_arguments *arguments) {
  int descriptor = (int)arguments->numbers[0];
  const struct ldb_bytes bytes = arguments->bytes[1];
  double start = arguments->numbers[2], count = arguments->numbers[3], position = arguments->numbers[4];
  if (start < 0 || count < 0 || position < 0 || start + count > (double)bytes.length) return -EINVAL;
  uint8_t *at = bytes.start + (size_t)start;
  size_t length = count > TRANSFER_BYTES_MAX ? TRANSFER_BYTES_MAX : (size_t)count;
  ssize_t done;
  do {
    done = function == LDB_HOST_READ ? pread(descriptor, at, length, (off_t)position) : pwrite(descriptor, at, length, (off_t)position);
  } while (done < 0 && errno == EINTR);
  return done < 0 ? -(double)errno : (double)done;
}

static double sync_file(int descriptor, int is_data_only) {
  int result;
  do {
#if defined(__APPLE__)
    (void)is_data_only;
    result = fcntl(descriptor, F_FULLFSYNC);
#else
    result = is_data_only ? fdatasync(descriptor) : fsync(descriptor);
#endif
  } while (result != 0 && errno == EINTR);
  return result != 0 ? -(double)errno : 0;
}

double ldb_host_files(enum ldb_host_function function, const struct ldb_host_arguments *arguments) {
  int descriptor = (int)arguments->numbers[0];
  int result;
  switch (function) {
    case LDB_HOST_READ:
    case LDB_HOST_WRITE:
      return transfer(function, arguments);
    case LDB_HOST_SYNC:
      return sync_file(descriptor, arguments->numbers[1] != 0);
    case LDB_HOST_TRUNCATE:
      do {
        result = ftruncate(descriptor, (off_t)arguments->numbers[1]);
      } while (result != 0 && errno == EINTR);
      return result != 0 ? -(double)errno : 0;
    case LDB_HOST_STAT_DESCRIPTOR: {
      struct stat status;
      if (fstat(descriptor, &status) != 0) return -(double)errno;
      return ldb_store_status(&status, arguments->bytes[1]);
    }
    case LDB_HOST_LOCK_DESCRIPTOR:
      do {
        result = flock(descriptor, (arguments->numbers[1] != 0 ? LOCK_SH : LOCK_EX) | LOCK_NB);
      } while (result != 0 && errno == EINTR);
      return result != 0 ? -(double)errno : 0;
    default:
      /* EINTR leaves the descriptor closed on Linux: a second close could close another thread's. */
      return close(descriptor) != 0 && errno != EINTR ? -(double)errno : 0;
  }
}
