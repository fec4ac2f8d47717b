/* host-paths.c: operations by path. */
#include "host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#if defined(__linux__)
#include <linux/fs.h>
#endif

#include "file-status.h"

enum { BIT_WRITE = 1, BIT_CREATE = 2, BIT_EXCLUSIVE = 4, BIT_NO_FOLLOW = 8, BIT_NON_BLOCKING = 16, BIT_DIRECTORY = 32 };

#define COPY_BYTES (256 * 1024)

static double status_of(int result) { return result != 0 ? -(double)errno : 0; }

double ldb_store_status(const struct stat *status, struct ldb_bytes target) {
  uint64_t words[4];
  if (target.length < sizeof words) return -EINVAL;
  words[0] = S_ISREG(status->st_mode) ? 1 : S_ISDIR(status->st_mode) ? 2 : 3;
  words[1] = (uint64_t)status->st_size;
  words[2] = (uint64_t)status->st_dev;
  words[3] = (uint64_t)status->st_ino;
  memcpy(target.start, words, sizeof words);
  return 0;
}

static double open_file(const char *path, int bits, int mode) {
  int flags = O_CLOEXEC | ((bits & BIT_WRITE) != 0 ? O_RDWR : O_RDONLY);
  if ((bits & BIT_CREATE) != 0) flags |= O_CREAT;
  if ((bits & BIT_EXCLUSIVE) != 0) flags |= O_EXCL;
  if ((bits & BIT_NO_FOLLOW) != 0) flags |= O_NOFOLLOW;
  if ((bits & BIT_NON_BLOCKING) != 0) flags |= O_NONBLOCK;
  if ((bits & BIT_DIRECTORY) != 0) flags |= O_DIRECTORY;
  int descriptor;
  do {
    descriptor = open(path, flags, mode);
  } while (descriptor < 0 && errno == EINTR);
  return descriptor < 0 ? -(double)errno : descriptor;
}

/* Stores the names in a directory, each with a zero byte; returns the bytes of all, which may exceed the target. */
static double list_directory(const char *path, struct ldb_bytes target) {
  DIR *directory = opendir(path);
  if (directory == NULL) return -(double)errno;
  size_t used = 0;
  for (;;) {
    errno = 0;
    struct dirent *entry = readdir(directory);
    if (entry == NULL) break;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    size_t length = strlen(entry->d_name) + 1;
    if (used + length <= target.length) memcpy(target.start + used, entry->d_name, length);
    used += length;
  }
  int error = errno;
  closedir(directory);
  return error != 0 ? -(double)error : (double)used;
}

static double stat_file_system(const char *path, struct ldb_bytes target) {
  struct statfs status;
  uint64_t words[5];
  if (target.length < sizeof words) return -EINVAL;
  int result;
  do {
    result = statfs(path, &status);
  } while (result != 0 && errno == EINTR);
  if (result != 0) return -(double)errno;
  words[0] = (uint64_t)status.f_bsize;
  words[1] = (uint64_t)status.f_blocks;
  words[2] = (uint64_t)status.f_bfree;
  words[3] = (uint64_t)status.f_bavail;
  words[4] = (uint64_t)status.f_type;
  memcpy(target.start, words, sizeof words);
  return 0;
}

/* Copies the bytes of a file. */
static int copy_bytes(int source, int target) {
  uint8_t *buffer = malloc(COPY_BYTES);
  if (buffer == NULL) return ENOMEM;
  int error = 0;
  for (;;) {
    ssize_t count = read(source, buffer, COPY_BYTES);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) error = errno;
    if (count <= 0) break;
    for (ssize_t done = 0; done < count && error == 0;) {
      ssize_t written = write(target, buffer + done, (size_t)(count - done));
      if (written >= 0) done += written;
      else if (errno != EINTR) error = errno;
    }
    if (error != 0) break;
  }
  free(buffer);
  return error;
}

/* Copies a file to a new one, as a clone where the file system has them. On failure nothing is left. */
static double copy_file(const char *from, const char *to) {
  struct stat status;
  double opened = open_file(from, BIT_NO_FOLLOW | BIT_NON_BLOCKING, 0);
  if (opened < 0) return opened;
  int source = (int)opened;
  int error = fstat(source, &status) != 0 ? errno : 0;
  int target = -1;
  if (error == 0) {
    opened = open_file(to, BIT_WRITE | BIT_CREATE | BIT_EXCLUSIVE, (int)(status.st_mode & 0777));
    if (opened < 0) error = (int)-opened;
    else target = (int)opened;
  }
  if (target >= 0) {
#if defined(FICLONE)
    int is_cloned = ioctl(target, FICLONE, source) == 0;
#else
    int is_cloned = 0;
#endif
    if (!is_cloned) error = copy_bytes(source, target);
    if (error == 0 && fchmod(target, status.st_mode & 0777) != 0) error = errno;
    if (close(target) != 0 && error == 0) error = errno;
    if (error != 0) unlink(to);
  }
  close(source);
  return -(double)error;
}

static double text_of_path(enum ldb_host_function function, const struct ldb_host_arguments *arguments, const char *path) {
  char text[LDB_PATH_BYTES];
  if (function == LDB_HOST_READ_LINK) {
    ssize_t length = readlink(path, text, sizeof text);
    return length < 0 ? -(double)errno : ldb_text_result(arguments, 2, text, (size_t)length);
  }
  char *resolved = realpath(path, NULL);
  if (resolved == NULL) return -(double)errno;
  double result = ldb_text_result(arguments, 2, resolved, strlen(resolved));
  free(resolved);
  return result;
}

static double on_two_paths(enum ldb_host_function function, const char *source, const char *target) {
  if (function == LDB_HOST_RENAME) return status_of(rename(source, target));
  if (function == LDB_HOST_LINK) return status_of(link(source, target));
  return copy_file(source, target);
}

double ldb_host_paths(enum ldb_host_function function, const struct ldb_host_arguments *arguments) {
  char path[LDB_PATH_BYTES], second[LDB_PATH_BYTES];
  struct stat status;
  int error = ldb_path_of(arguments, 0, path);
  if (error != 0) return error;
  switch (function) {
    case LDB_HOST_OPEN:
      return open_file(path, (int)arguments->numbers[2], (int)arguments->numbers[3]);
    case LDB_HOST_STATUS:
      if ((arguments->numbers[2] != 0 ? stat(path, &status) : lstat(path, &status)) != 0) return -(double)errno;
      return ldb_store_status(&status, arguments->bytes[3]);
    case LDB_HOST_STAT_FILE_SYSTEM:
      return stat_file_system(path, arguments->bytes[2]);
    case LDB_HOST_LIST:
      return list_directory(path, arguments->bytes[2]);
    case LDB_HOST_MAKE_DIRECTORY:
      return status_of(mkdir(path, (mode_t)arguments->numbers[2]));
    case LDB_HOST_REMOVE_DIRECTORY:
      return status_of(rmdir(path));
    case LDB_HOST_REMOVE:
      return status_of(unlink(path));
    case LDB_HOST_RENAME:
    case LDB_HOST_LINK:
    case LDB_HOST_COPY:
      error = ldb_path_of(arguments, 2, second);
      return error != 0 ? error : on_two_paths(function, path, second);
    default:
      return text_of_path(function, arguments, path);
  }
}
