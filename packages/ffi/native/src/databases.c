/* databases.c: opening and closing databases, and the thread that runs their timers. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core.h"
#include "secrets.h"

/* Bytes of the stack of a timer thread. */
#define TIMER_STACK_BYTES (512 * 1024)

static pthread_mutex_t free_mutex = PTHREAD_MUTEX_INITIALIZER;
/* Structures of databases that are closed. */
static struct ldb_database *free_databases;

/* Returns a structure of a database that is closed, or a new one, with its locks of readers. */
static struct ldb_database *take_structure(void) {
  pthread_mutex_lock(&free_mutex);
  struct ldb_database *database = free_databases;
  if (database != NULL) free_databases = database->next_free;
  pthread_mutex_unlock(&free_mutex);
  if (database != NULL) return database;
  database = aligned_alloc(_Alignof(struct ldb_database), sizeof *database);
  if (database == NULL) return NULL;
  memset(database, 0, sizeof *database);
  ldb_windows_create(database);
  return database;
}

struct ldb_database *ldb_database_create(void) {
  struct ldb_database *database = take_structure();
  pthread_condattr_t attributes;
  if (database == NULL) return NULL;
  database->due_ms = -1;
  database->has_thread = false;
  database->is_closed = false;
  database->engine = NULL;
  database->reference_count = 0;
  database->entered_count = 0;
  database->use_count = 0;
  atomic_store(&database->queued_count, 0);
  database->left_count = 0;
  database->waiters = NULL;
  database->syncs = NULL;
  database->syncing_count = 0;
  database->fast_sync_count = 0;
  database->unshared_left = 0;
  database->is_closing = false;
  pthread_cond_init(&database->syncs_ended, NULL);
  pthread_mutex_init(&database->mutex, NULL);
  pthread_condattr_init(&attributes);
#if !defined(__APPLE__)
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
#endif
  pthread_cond_init(&database->timer_changed, &attributes);
  pthread_condattr_destroy(&attributes);
  return database;
}

void ldb_database_free(struct ldb_database *database) {
  pthread_cond_destroy(&database->syncs_ended);
  pthread_cond_destroy(&database->timer_changed);
  pthread_mutex_destroy(&database->mutex);
  pthread_mutex_lock(&free_mutex);
  database->next_free = free_databases;
  free_databases = database;
  pthread_mutex_unlock(&free_mutex);
}

/* Runs the timers of a database, and the syncs for which no commit waits, until it is closed. */
static void *run_timers(void *argument) {
  struct ldb_database *database = argument;
  pthread_mutex_lock(&database->mutex);
  while (!database->is_closed) {
    double now_ms = ldb_monotonic_ms();
    if (database->syncs != NULL && database->waiters == NULL) {
      ldb_exclude_readers(database);
      ldb_run_sync(database);
      ldb_refresh_windows(database);
      ldb_admit_readers(database);
    } else if (database->due_ms < 0) {
      pthread_cond_wait(&database->timer_changed, &database->mutex);
    } else if (database->due_ms > now_ms) {
      struct timespec due;
      due.tv_sec = (time_t)floor(database->due_ms / 1e3);
      due.tv_nsec = (long)fmod(database->due_ms * 1e6, 1e9);
      pthread_cond_timedwait(&database->timer_changed, &database->mutex, &due);
    } else {
      database->due_ms = -1;
      ldb_exclude_readers(database);
      ldb_engine_run_timers(database->engine);
      ldb_pass_syncs_on(database);
      ldb_refresh_windows(database);
      ldb_admit_readers(database);
    }
  }
  pthread_mutex_unlock(&database->mutex);
  return NULL;
}

/* Starts the thread, which takes no signals of the program. Without one, timers run when the next call asks for one. */
static void start_thread(struct ldb_database *database) {
  pthread_attr_t attributes;
  sigset_t all, before;
  sigfillset(&all);
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, TIMER_STACK_BYTES);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  database->has_thread = pthread_create(&database->thread, &attributes, run_timers, database) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
}

/* Called by the engine, within a call on the database or while it is opened. */
static void request_timer(void *context, double delay_ms) {
  struct ldb_database *database = context;
  database->due_ms = delay_ms < 0 ? -1 : ldb_monotonic_ms() + delay_ms;
  if (database->has_thread) pthread_cond_signal(&database->timer_changed);
  else if (delay_ms >= 0) start_thread(database);
}

/* Checks the options of an open. */
static int32_t check(const ldb_open_options *options, ldb_open_options *checked, ldb_secret *secret) {
  memset(checked, 0, sizeof *checked);
  if (options != NULL && !ldb_copy_options(checked, sizeof *checked, options))
    return ldb_fail(LDB_INVALID_ARGUMENT, "size of the options of ldb_open");
  if (checked->flags > 7) return ldb_fail(LDB_INVALID_ARGUMENT, "flags of ldb_open");
  if (checked->cache_bytes > 1ull << 53 || checked->blob_bytes > 1ull << 53 || checked->memtable_bytes > 1ull << 53)
    return ldb_fail(LDB_INVALID_ARGUMENT, "a number of bytes in the options of ldb_open");
  return ldb_check_secret(checked->secret, secret);
}

/* Opens the database in the engine; returns its number, or an error. */
static double open_object(struct ldb_engine *engine, const char *path, const ldb_open_options *options, const ldb_secret *secret) {
  size_t path_bytes = path == NULL ? 0 : strlen(path);
  int32_t status = ldb_reserve(engine, LDB_OPTION_BYTES + path_bytes + secret->key_bytes);
  if (status != LDB_OK) return status;
  const double numbers[LDB_OPTION_NUMBERS] = {
      options->engine, options->durability, options->sync_interval_ms, (double)options->cache_bytes, (double)options->blob_bytes,
      (double)options->memtable_bytes, options->page_bytes, options->compression, options->flags, ldb_secret_kind(secret),
      (double)secret->key_bytes, 0, options->max_open_files};
  for (int index = 0; index < LDB_OPTION_NUMBERS; index++) ldb_set_number(engine, index, numbers[index]);
  ldb_store(engine, LDB_OPTION_BYTES, path, path_bytes);
  ldb_store(engine, LDB_OPTION_BYTES + path_bytes, secret->key, secret->key_bytes);
  double argument = (double)path_bytes;
  double result = ldb_invoke(engine, LDB_FN_OPEN, 1, &argument);
  ldb_wipe_secret(engine, LDB_OPTION_BYTES + path_bytes, secret);
  return result;
}

/* Ends the thread and the engine of a database, whose lock the caller holds. */
static void stop(struct ldb_database *database) {
  database->is_closed = true;
  ldb_windows_clear(database);
  if (database->has_thread) {
    pthread_cond_signal(&database->timer_changed);
    /* The lock of the database is taken before those of its readers. */
    ldb_admit_readers(database);
    pthread_mutex_unlock(&database->mutex);
    pthread_join(database->thread, NULL);
    pthread_mutex_lock(&database->mutex);
    ldb_exclude_readers(database);
    database->has_thread = false;
  }
  if (database->engine != NULL) ldb_engine_destroy(database->engine);
  database->engine = NULL;
}

/* Opens within the lock of the new database. */
static int32_t open_locked(struct ldb_database *database, const char *path, const ldb_open_options *options, const ldb_secret *secret,
                           ldb_handle *handle) {
  char error[1024];
  const struct ldb_engine_calls calls = {database, request_timer, ldb_change_window, ldb_take_sync, ldb_settle_commit};
  database->engine = ldb_engine_create(&calls, error, sizeof error);
  if (database->engine == NULL) return ldb_fail(LDB_NO_MEMORY, error);
  double object = open_object(database->engine, path, options, secret);
  if (object < 0) return (int32_t)object;
  database->object = (uint32_t)object;
  database->has_files = path != NULL;
  database->durability = options->durability == 0 ? LDB_DURABILITY_FULL : options->durability;
  double keyspace = ldb_invoke(database->engine, LDB_FN_DEFAULT_KEYSPACE, 1, &object);
  ldb_engine_run_jobs(database->engine);
  if (keyspace >= 0) *handle = ldb_add_handle(database, LDB_KIND_DATABASE, (uint32_t)keyspace, NULL);
  if (*handle != 0) return LDB_OK;
  ldb_engine_call(database->engine, LDB_FN_CLOSE, &object, 1);
  return keyspace < 0 ? (int32_t)keyspace : ldb_fail(LDB_NO_MEMORY, "no memory for a handle");
}

int32_t ldb_open(const char *path, const ldb_open_options *options, ldb_handle *database) {
  ldb_open_options checked;
  ldb_secret secret;
  ldb_handle handle = 0;
  int32_t status = ldb_begin_function();
  if (status != LDB_OK) return status;
  if (database == NULL) return ldb_fail(LDB_INVALID_ARGUMENT, "database is NULL");
  if (path != NULL && path[0] == 0) return ldb_fail(LDB_INVALID_ARGUMENT, "path is empty");
  status = check(options, &checked, &secret);
  if (status != LDB_OK) return status;
  struct ldb_database *opened = ldb_database_create();
  if (opened == NULL) return ldb_fail(LDB_NO_MEMORY, "no memory for a database");
  pthread_mutex_lock(&opened->mutex);
  ldb_exclude_readers(opened);
  status = open_locked(opened, path, &checked, &secret, &handle);
  if (status != LDB_OK) {
    if (opened->engine != NULL) ldb_end_syncs(opened);
    stop(opened);
  }
  ldb_admit_readers(opened);
  pthread_mutex_unlock(&opened->mutex);
  if (status == LDB_OK) *database = handle;
  else ldb_database_free(opened);
  return status;
}

int32_t ldb_database_close(struct ldb_call *call) {
  double object = call->database->object;
  ldb_end_syncs(call->database);
  /* Another thread has closed it while this one waited for a sync. */
  if (call->database->is_closed) return ldb_fail(LDB_CLOSED, "the handle is closed");
  double result = ldb_invoke(call->engine, LDB_FN_CLOSE, 1, &object);
  ldb_engine_run_jobs(call->engine);
  ldb_refuse_waiters(call->database);
  stop(call->database);
  ldb_remove_handle(call);
  return result < 0 ? (int32_t)result : LDB_OK;
}
