/*
 * commits.c: commits of several threads that share a sync, and syncs without the lock of the database (rules C1 to C6 of SPEC.md).
 *
 * A thread appends its commit to the log in a call of the engine, and waits. The engine requests a sync for all that were appended; one of the
 * threads that wait runs it without the lock, and passes the result to the engine, which makes the commits visible in order and settles them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core.h"
#include "host.h"

/* A sync that is faster than this, in milliseconds, costs less than the work of a commit that shares one. */
#define FAST_SYNC_MS 0.05
/* So many fast syncs in a row end the sharing for so many commits. */
#define FAST_SYNCS 8
#define UNSHARED_COMMITS 1000
/* Threads in a row that leave the jobs of the engine to the next one. */
#define LEFT_MAX 64

/* A thread that waits for a commit; on its stack. Used with the lock of the database held. */
struct ldb_waiter {
  struct ldb_waiter *next;
  double ticket;
  int32_t status;
  bool is_settled, is_asleep;
  pthread_cond_t woken;
  char text[1024];
};

/* A sync that the engine has requested. */
struct ldb_sync {
  struct ldb_sync *next;
  int descriptor;
  bool is_data_only;
  double number;
};

void ldb_lock(struct ldb_database *database) {
  atomic_fetch_add(&database->queued_count, 1);
  pthread_mutex_lock(&database->mutex);
  atomic_fetch_sub(&database->queued_count, 1);
}

/* -- Called by the engine -- */

bool ldb_take_sync(void *context, int descriptor, bool is_data_only, double number) {
  struct ldb_database *database = context;
  if (database->is_closing || (database->waiters == NULL && !database->has_thread)) return false;
  struct ldb_sync *sync = malloc(sizeof *sync);
  if (sync == NULL) return false;
  /* The engine may close its own descriptor meanwhile. Both have one description, and so the same errors of writing back. */
  *sync = (struct ldb_sync){NULL, fcntl(descriptor, F_DUPFD_CLOEXEC, 0), is_data_only, number};
  if (sync->descriptor < 0) {
    free(sync);
    return false;
  }
  struct ldb_sync **end = &database->syncs;
  while (*end != NULL) end = &(*end)->next;
  *end = sync;
  return true;
}

void ldb_settle_commit(void *context, double ticket, int32_t status, struct ldb_bytes text) {
  struct ldb_database *database = context;
  for (struct ldb_waiter *waiter = database->waiters; waiter != NULL; waiter = waiter->next) {
    if (waiter->ticket != ticket) continue;
    size_t length = text.length < sizeof waiter->text ? text.length : sizeof waiter->text - 1;
    if (length > 0) memcpy(waiter->text, text.start, length);
    waiter->text[length] = 0;
    waiter->status = status;
    waiter->is_settled = true;
    if (waiter->is_asleep) pthread_cond_signal(&waiter->woken);
    waiter->is_asleep = false;
    return;
  }
}

/* -- Syncs -- */

static struct ldb_sync *take_first(struct ldb_database *database) {
  struct ldb_sync *sync = database->syncs;
  database->syncs = sync->next;
  return sync;
}

static double run(struct ldb_sync *sync) {
  struct ldb_host_arguments arguments;
  memset(&arguments, 0, sizeof arguments);
  arguments.numbers[0] = sync->descriptor;
  arguments.numbers[1] = sync->is_data_only;
  double result = ldb_host_call(LDB_HOST_SYNC, &arguments);
  close(sync->descriptor);
  return result;
}

static void finish(struct ldb_database *database, struct ldb_sync *sync, double result) {
  ldb_engine_finish_sync(database->engine, sync->number, result);
  free(sync);
  ldb_engine_run_jobs(database->engine);
}

void ldb_run_sync(struct ldb_database *database) {
  struct ldb_sync *sync = take_first(database);
  database->syncing_count++;
  ldb_refresh_windows(database);
  ldb_admit_readers(database);
  pthread_mutex_unlock(&database->mutex);
  double started_ms = ldb_monotonic_ms(), result = run(sync);
  bool is_fast = ldb_monotonic_ms() - started_ms < FAST_SYNC_MS;
  ldb_lock(database);
  ldb_exclude_readers(database);
  database->fast_sync_count = is_fast ? database->fast_sync_count + 1 : 0;
  if (database->fast_sync_count == FAST_SYNCS) {
    database->fast_sync_count = 0;
    database->unshared_left = UNSHARED_COMMITS;
  }
  finish(database, sync, result);
  if (--database->syncing_count == 0) pthread_cond_broadcast(&database->syncs_ended);
}

void ldb_pass_syncs_on(struct ldb_database *database) {
  if (database->syncs == NULL) return;
  for (struct ldb_waiter *waiter = database->waiters; waiter != NULL; waiter = waiter->next) {
    if (!waiter->is_asleep) continue;
    waiter->is_asleep = false;
    pthread_cond_signal(&waiter->woken);
    return;
  }
  /* Waiters that are awake look for themselves. */
  if (database->waiters != NULL) return;
  if (database->has_thread) pthread_cond_signal(&database->timer_changed);
  else ldb_run_sync(database);
}

void ldb_end_syncs(struct ldb_database *database) {
  database->is_closing = true;
  while (database->syncing_count > 0 || database->syncs != NULL) {
    if (database->syncs != NULL) {
      struct ldb_sync *sync = take_first(database);
      finish(database, sync, run(sync));
      continue;
    }
    ldb_refresh_windows(database);
    ldb_admit_readers(database);
    pthread_cond_wait(&database->syncs_ended, &database->mutex);
    ldb_exclude_readers(database);
  }
}

void ldb_refuse_waiters(struct ldb_database *database) {
  static const char text[] = "the database was closed while the commit was in flight";
  const struct ldb_bytes bytes = {(uint8_t *)(uintptr_t)text, sizeof text - 1};
  for (struct ldb_waiter *waiter = database->waiters; waiter != NULL; waiter = waiter->next)
    if (!waiter->is_settled) ldb_settle_commit(database, waiter->ticket, LDB_COMMIT_UNKNOWN, bytes);
}

/* -- Commits -- */

bool ldb_shares_sync(struct ldb_database *database, double durability) {
  if (!database->has_files || database->is_closing) return false;
  /* A commit of its own would first wait for a sync of those in flight. */
  if (database->waiters != NULL || database->syncs != NULL || database->syncing_count > 0) return true;
  uint32_t requested = durability == 0 ? database->durability : (uint32_t)durability;
  if (requested != LDB_DURABILITY_FULL || atomic_load(&database->queued_count) == 0) return false;
  if (database->unshared_left == 0) return true;
  database->unshared_left--;
  return false;
}

/* Lets other threads in until one of them wakes this one. */
static void sleep_until_woken(struct ldb_database *database, struct ldb_waiter *waiter) {
  ldb_refresh_windows(database);
  ldb_admit_readers(database);
  waiter->is_asleep = true;
  while (waiter->is_asleep) pthread_cond_wait(&waiter->woken, &database->mutex);
  ldb_exclude_readers(database);
}

/* Does what the commit waits for, or waits for the thread that does. */
static void advance(struct ldb_database *database, struct ldb_waiter *waiter) {
  if (database->syncs != NULL) {
    ldb_run_sync(database);
  } else if (database->due_ms >= 0 && database->due_ms <= ldb_monotonic_ms()) {
    database->due_ms = -1;
    ldb_engine_run_timers(database->engine);
  } else if (!database->has_thread && database->syncing_count == 0) {
    /* No other thread runs timers: what is in flight is completed within this call. */
    const double argument = database->object;
    ldb_engine_call(database->engine, LDB_FN_SYNC, &argument, 1);
    ldb_engine_run_jobs(database->engine);
    if (!waiter->is_settled && database->syncs == NULL && database->due_ms < 0) ldb_refuse_waiters(database);
  } else {
    sleep_until_woken(database, waiter);
  }
}

static void leave(struct ldb_database *database, struct ldb_waiter *left) {
  struct ldb_waiter **place = &database->waiters;
  while (*place != left) place = &(*place)->next;
  *place = left->next;
  pthread_cond_destroy(&left->woken);
}

int32_t ldb_await_commit(struct ldb_database *database, double ticket) {
  struct ldb_waiter waiter = {.ticket = ticket, .next = NULL};
  struct ldb_waiter **end = &database->waiters;
  while (*end != NULL) end = &(*end)->next;
  *end = &waiter;
  pthread_cond_init(&waiter.woken, NULL);
  /* A thread that waits for the lock has a commit for the same sync, or runs the jobs at the end of its call. */
  if (atomic_load(&database->queued_count) > 0 && ++database->left_count < LEFT_MAX) {
    sleep_until_woken(database, &waiter);
  } else {
    database->left_count = 0;
    ldb_engine_run_jobs(database->engine);
  }
  while (!waiter.is_settled) advance(database, &waiter);
  leave(database, &waiter);
  return waiter.status == LDB_OK ? LDB_OK : ldb_fail(waiter.status, waiter.text);
}

int32_t ldb_commit(struct ldb_call *call, const struct ldb_commit_functions *functions, int count, const double *arguments, double durability) {
  bool is_shared = ldb_shares_sync(call->database, durability);
  double result = ldb_invoke(call->engine, is_shared ? functions->later : functions->now, count, arguments);
  ldb_release_arena(call->engine);
  if (result < 0) return (int32_t)result;
  return is_shared ? ldb_await_commit(call->database, result) : LDB_OK;
}

int32_t ldb_write(struct ldb_call *call, const struct ldb_commit_functions *functions, int count, const double *arguments, double durability) {
  if (call->slot->kind != LDB_KIND_VIEW) return ldb_commit(call, functions, count, arguments, durability);
  double result = ldb_invoke(call->engine, functions->now, count, arguments);
  ldb_release_arena(call->engine);
  return result < 0 ? (int32_t)result : LDB_OK;
}
