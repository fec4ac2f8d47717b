/* host-system.c: process, clock, randomness, digests and the lock's socket. */
#include "host.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static const struct {
  int number;
  const char *name;
} error_names[] = {
#define E(name) {name, #name}
    E(EACCES), E(EADDRINUSE), E(EAGAIN), E(EBADF), E(EBUSY), E(EDQUOT), E(EEXIST), E(EFAULT), E(EFBIG), E(EINTR), E(EINVAL),
    E(EIO), E(EISDIR), E(ELOOP), E(EMFILE), E(EMLINK), E(ENAMETOOLONG), E(ENFILE), E(ENODEV), E(ENOENT), E(ENOLCK), E(ENOMEM),
    E(ENOSPC), E(ENOSYS), E(ENOTDIR), E(ENOTEMPTY), E(ENOTSUP), E(ENXIO), E(EOVERFLOW), E(EPERM), E(EPIPE), E(EROFS), E(ESPIPE),
    E(ESRCH), E(ESTALE), E(ETIMEDOUT), E(ETXTBSY), E(EXDEV),
#undef E
};

double ldb_monotonic_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static double wall_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return floor((double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6);
}

static double fill_random(struct ldb_bytes target) {
  for (size_t done = 0; done < target.length;) {
    ssize_t count = getrandom(target.start + done, target.length - done, 0);
    if (count >= 0) done += (size_t)count;
    else if (errno != EINTR) return -(double)errno;
  }
  return 0;
}

static double error_name(const struct ldb_host_arguments *arguments) {
  int number = (int)arguments->numbers[0];
  for (size_t index = 0; index < sizeof error_names / sizeof *error_names; index++) {
    const char *name = error_names[index].name;
    if (error_names[index].number == number) return ldb_text_result(arguments, 1, name, strlen(name));
  }
  char text[32];
  int length = snprintf(text, sizeof text, "E%d", number);
  return ldb_text_result(arguments, 1, text, (size_t)length);
}

/* Binds an abstract socket, which the kernel frees with the process. */
static double bind_socket(const struct ldb_host_arguments *arguments) {
#if defined(__linux__)
  struct sockaddr_un address;
  const struct ldb_bytes name = arguments->bytes[0];
  size_t length = (size_t)arguments->numbers[1];
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  if (length > name.length || length >= sizeof address.sun_path) return -EINVAL;
  /* A zero byte first: a name outside of the file system. */
  memcpy(address.sun_path + 1, name.start, length);
  int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -(double)errno;
  socklen_t bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
  if (bind(descriptor, (const struct sockaddr *)&address, bytes) == 0) return descriptor;
  int error = errno;
  close(descriptor);
  return -(double)error;
#else
  (void)arguments;
  return -ENOSYS;
#endif
}

static double hash(const struct ldb_host_arguments *arguments) {
  const struct ldb_bytes bytes = arguments->bytes[0], target = arguments->bytes[5];
  double start = arguments->numbers[1], end = arguments->numbers[2];
  if (start < 0 || end < start || end > (double)bytes.length || target.length < 8) return -EINVAL;
  uint64_t seed = (uint64_t)(uint32_t)(int32_t)arguments->numbers[4] << 32 | (uint32_t)(int32_t)arguments->numbers[3];
  uint64_t value = ldb_xxh64(bytes.start + (size_t)start, (size_t)(end - start), seed);
  int32_t halves[2] = {(int32_t)(uint32_t)value, (int32_t)(uint32_t)(value >> 32)};
  memcpy(target.start, halves, sizeof halves);
  return 0;
}

double ldb_host_system(enum ldb_host_function function, const struct ldb_host_arguments *arguments) {
  char text[LDB_PATH_BYTES];
  switch (function) {
    case LDB_HOST_WORKING_DIRECTORY:
      if (getcwd(text, sizeof text) == NULL) return -(double)errno;
      return ldb_text_result(arguments, 0, text, strlen(text));
    case LDB_HOST_HOST_NAME:
      if (gethostname(text, sizeof text) != 0) return -(double)errno;
      return ldb_text_result(arguments, 0, text, strlen(text));
    case LDB_HOST_ERROR_NAME:
      return error_name(arguments);
    case LDB_HOST_PROCESS_ID:
      return getpid();
    case LDB_HOST_USER_ID:
      return getuid();
    case LDB_HOST_FIND_PROCESS:
      return kill((pid_t)arguments->numbers[0], 0) != 0 ? -(double)errno : 0;
    case LDB_HOST_BIND_SOCKET:
      return bind_socket(arguments);
    case LDB_HOST_SHA256:
      if (arguments->numbers[1] > (double)arguments->bytes[0].length || arguments->bytes[2].length < 32) return -EINVAL;
      ldb_sha256(arguments->bytes[0].start, (size_t)arguments->numbers[1], arguments->bytes[2].start);
      return 0;
    case LDB_HOST_SCRYPT:
      return ldb_scrypt(arguments->bytes[0], arguments->bytes[1], (size_t)arguments->numbers[3], (size_t)arguments->numbers[4],
                        (size_t)arguments->numbers[5], arguments->bytes[2]);
    case LDB_HOST_NOW:
      return wall_ms();
    case LDB_HOST_MONOTONIC:
      return ldb_monotonic_ms();
    case LDB_HOST_RANDOM:
      return fill_random(arguments->bytes[0]);
    default:
      return hash(arguments);
  }
}
