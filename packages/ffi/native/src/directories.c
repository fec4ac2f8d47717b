/* directories.c: functions on closed databases. Each runs in an engine of its own, without a lock of this library. */
#include <string.h>

#include "core.h"
#include "secrets.h"

static void ignore_timer(void *context, double delay_ms) {
  (void)context;
  (void)delay_ms;
}

/* These functions read no keyspace by a get. */
static void ignore_window(void *context, const struct ldb_window_arrays *arrays, uint32_t keyspace) {
  (void)context;
  (void)arrays;
  (void)keyspace;
}

/* Syncs are run within the call, which nothing else waits for. */
static bool refuse_sync(void *context, int descriptor, bool is_data_only, double number) {
  (void)context;
  (void)descriptor;
  (void)is_data_only;
  (void)number;
  return false;
}

static void ignore_commit(void *context, double ticket, int32_t status, struct ldb_bytes text) {
  (void)context;
  (void)ticket;
  (void)status;
  (void)text;
}

/* A call with up to two paths and a secret. */
struct directory_call {
  enum ldb_function function;
  const char *first, *second;
  const ldb_secret *secret;
  /* The last argument; absent when it is below -1. */
  double number;
};

static int32_t run_in(struct ldb_engine *engine, const struct directory_call *call, const ldb_secret *secret, char **json) {
  size_t first_bytes = strlen(call->first), second_bytes = call->second == NULL ? 0 : strlen(call->second);
  size_t secret_start = LDB_OPTION_BYTES + first_bytes + second_bytes;
  int32_t status = ldb_reserve(engine, secret_start + secret->key_bytes);
  if (status != LDB_OK) return status;
  ldb_store(engine, LDB_OPTION_BYTES, call->first, first_bytes);
  ldb_store(engine, LDB_OPTION_BYTES + first_bytes, call->second, second_bytes);
  ldb_store(engine, secret_start, secret->key, secret->key_bytes);
  double arguments[5];
  int count = 0;
  arguments[count++] = (double)first_bytes;
  if (call->second != NULL) arguments[count++] = (double)second_bytes;
  arguments[count++] = ldb_secret_kind(secret);
  arguments[count++] = (double)secret->key_bytes;
  if (call->number >= -1) arguments[count++] = call->number;
  double result = ldb_invoke(engine, call->function, count, arguments);
  /* The report is in the same memory, and may have replaced the secret. */
  status = ldb_copy_json(engine, result, json);
  ldb_wipe_secret(engine, secret_start, secret);
  return status;
}

static int32_t run(const struct directory_call *call, char **json) {
  ldb_secret secret;
  char error[1024];
  int32_t status = ldb_begin_function();
  if (status == LDB_OK) status = ldb_check_secret(call->secret, &secret);
  if (status != LDB_OK) return status;
  if (call->first == NULL || call->first[0] == 0 || (call->second != NULL && call->second[0] == 0))
    return ldb_fail(LDB_INVALID_ARGUMENT, "a path is NULL or empty");
  const struct ldb_engine_calls calls = {NULL, ignore_timer, ignore_window, refuse_sync, ignore_commit};
  struct ldb_engine *engine = ldb_engine_create(&calls, error, sizeof error);
  if (engine == NULL) return ldb_fail(LDB_NO_MEMORY, error);
  status = run_in(engine, call, &secret, json);
  ldb_engine_destroy(engine);
  return status;
}

/* A missing second path is an empty one, which is refused. */
static const char *required(const char *path) { return path == NULL ? "" : path; }

int32_t ldb_verify_directory(const char *path, const ldb_secret *secret, char **json) {
  const struct directory_call call = {LDB_FN_VERIFY_DIRECTORY, path, NULL, secret, -2};
  return run(&call, json);
}

int32_t ldb_restore(const char *backup, const char *path, const ldb_secret *secret, int64_t until, char **json) {
  const struct directory_call call = {LDB_FN_RESTORE, backup, required(path), secret, until < 0 ? -1 : (double)until};
  return run(&call, json);
}

int32_t ldb_repair(const char *path, const char *target, const ldb_secret *secret, char **json) {
  const struct directory_call call = {LDB_FN_REPAIR, path, required(target), secret, -2};
  return run(&call, json);
}

int32_t ldb_destroy(const char *path) {
  const struct directory_call call = {LDB_FN_DESTROY, path, NULL, NULL, -2};
  return run(&call, NULL);
}
