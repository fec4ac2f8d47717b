/*
 * engine.h: what the core asks of a JavaScript engine, and the host functions that an engine offers to the bundle. SPEC.md lists both.
 * An engine is used by one thread at a time.
 */
#ifndef LDB_ENGINE_H
#define LDB_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The functions of the bundle: F(identifier, name). */
#define LDB_FUNCTIONS(F) \
  F(OPEN, "open") F(CLOSE, "close") F(DEFAULT_KEYSPACE, "defaultKeyspace") F(OPEN_KEYSPACE, "openKeyspace") \
  F(DROP_KEYSPACE, "dropKeyspace") F(LIST_KEYSPACES, "listKeyspaces") F(RESERVE, "reserve") F(SHRINK, "shrink") F(GET, "get") \
  F(GET_FOR_UPDATE, "getForUpdate") F(HAS, "has") F(PUT, "put") F(DELETE, "delete") F(DELETE_RANGE, "deleteRange") \
  F(COUNT, "count") F(OPEN_SNAPSHOT, "openSnapshot") F(CLOSE_SNAPSHOT, "closeSnapshot") F(IN_SNAPSHOT, "inSnapshot") \
  F(BEGIN, "begin") F(IN_TRANSACTION, "inTransaction") F(COMMIT, "commit") F(ROLLBACK, "rollback") \
  F(CLOSE_TRANSACTION, "closeTransaction") F(SAVEPOINT, "savepoint") F(ROLLBACK_TO, "rollbackTo") F(CLOSE_TARGET, "closeTarget") \
  F(OPEN_ITERATOR, "openIterator") F(MOVE, "move") F(NEXT_BATCH, "nextBatch") F(CLOSE_ITERATOR, "closeIterator") F(LOCATE_ITERATOR, "locateIterator") F(PLACE_ITERATOR, "placeIterator") \
  F(COMMIT_BATCH, "commitBatch") F(PUT_LATER, "putLater") F(DELETE_LATER, "deleteLater") \
  F(DELETE_RANGE_LATER, "deleteRangeLater") F(COMMIT_BATCH_LATER, "commitBatchLater") F(COMMIT_LATER, "commitLater") F(OPEN_CHANGES, "openChanges") F(READ_CHANGES, "readChanges") F(TAKE_CHANGES, "takeChanges") \
  F(CLOSE_CHANGES, "closeChanges") F(SYNC, "sync") F(CHECKPOINT, "checkpoint") F(COMPACT, "compact") F(VERIFY, "verify") \
  F(STATS, "stats") F(REFRESH_WINDOWS, "refreshWindows") F(BACKUP, "backup") F(VERIFY_DIRECTORY, "verifyDirectory") F(RESTORE, "restore") F(REPAIR, "repair") \
  F(DESTROY, "destroy") F(ERROR_TEXT, "errorText")

enum ldb_function {
#define LDB_IDENTIFIER(identifier, name) LDB_FN_##identifier,
  LDB_FUNCTIONS(LDB_IDENTIFIER)
#undef LDB_IDENTIFIER
  LDB_FN_COUNT_
};

/* The host functions that the core implements; those that concern one engine belong to its adapter. */
#define LDB_HOST_FUNCTIONS(F) \
  F(OPEN, "open") F(CLOSE, "close") F(READ, "read") F(WRITE, "write") F(SYNC, "sync") F(TRUNCATE, "truncate") \
  F(STAT_DESCRIPTOR, "statDescriptor") F(STATUS, "status") F(STAT_FILE_SYSTEM, "statFileSystem") F(LIST, "list") \
  F(MAKE_DIRECTORY, "makeDirectory") F(REMOVE_DIRECTORY, "removeDirectory") F(REMOVE, "remove") F(RENAME, "rename") \
  F(LINK, "link") F(COPY, "copy") F(REAL_PATH, "realPath") F(READ_LINK, "readLink") F(WORKING_DIRECTORY, "workingDirectory") \
  F(HOST_NAME, "hostName") F(ERROR_NAME, "errorName") F(PROCESS_ID, "processId") F(USER_ID, "userId") \
  F(FIND_PROCESS, "findProcess") F(LOCK_DESCRIPTOR, "lockDescriptor") F(BIND_SOCKET, "bindSocket") F(SHA256, "sha256") F(SCRYPT, "scrypt") \
  F(NOW, "now") F(MONOTONIC, "monotonic") F(RANDOM, "random") F(HASH, "hash")

enum ldb_host_function {
#define LDB_IDENTIFIER(identifier, name) LDB_HOST_##identifier,
  LDB_HOST_FUNCTIONS(LDB_IDENTIFIER)
#undef LDB_IDENTIFIER
  LDB_HOST_COUNT_
};

#define LDB_ARGUMENTS_MAX 7

/* Bytes of a typed array, valid during the call. */
struct ldb_bytes {
  uint8_t *start;
  size_t length;
};

/* Arguments of a host call by position: a number or the bytes of a typed array. */
struct ldb_host_arguments {
  double numbers[LDB_ARGUMENTS_MAX];
  struct ldb_bytes bytes[LDB_ARGUMENTS_MAX];
};

/* Searches the slots of a page in an arena for the key [start, end): see searchSlots of @ldb/btree. INT32_MAX: the page does not decide. */
int32_t ldb_search_slots(struct ldb_bytes arena, size_t page, uint32_t first, struct ldb_bytes key, size_t start, size_t end, uint32_t key_part_max);
/* Runs a host function; returns its result, or the negative number of an error. */
double ldb_host_call(enum ldb_host_function function, const struct ldb_host_arguments *arguments);
/* Milliseconds of the monotonic clock. */
double ldb_monotonic_ms(void);

struct ldb_engine;

/* Called when the next timer changes: delay in milliseconds, negative for none. */
typedef void (*ldb_timer_request)(void *context, double delay_ms);

/* Bytes of the arrays of a read window, which the engine keeps until the next publication for the same keyspace, or its withdrawal. */
struct ldb_window_arrays {
  struct ldb_bytes head, arena, directory, frames, uses;
};
/* Called when the window of a keyspace is published; `arrays` NULL: when that of keyspace number `keyspace` is withdrawn. */
typedef void (*ldb_window_change)(void *context, const struct ldb_window_arrays *arrays, uint32_t keyspace);

/* Called when an asynchronous sync begins. True: ldb_engine_finish_sync follows, with its number. False: the engine syncs within the call. */
typedef bool (*ldb_sync_request)(void *context, int descriptor, bool is_data_only, double number);
/* Called with the outcome of a commit that has a ticket. */
typedef void (*ldb_settlement)(void *context, double ticket, int32_t status, struct ldb_bytes text);

/* What the engine calls, and the first argument of it. */
struct ldb_engine_calls {
  void *context;
  ldb_timer_request on_timer;
  ldb_window_change on_window;
  ldb_sync_request on_sync;
  ldb_settlement on_settled;
};

/* Name of the engine and its version. */
extern const char *const ldb_engine_label;
/* Creates an engine and runs the bundle. Returns NULL on failure, with a text in `error`. */
struct ldb_engine *ldb_engine_create(const struct ldb_engine_calls *calls, char *error, size_t capacity);
void ldb_engine_destroy(struct ldb_engine *engine);
/* Calls a function of the bundle. An exception, which the bundle does not let out, is LDB_INVARIANT. */
double ldb_engine_call(struct ldb_engine *engine, enum ldb_function function, const double *arguments, int count);
/* As ldb_engine_call, of a function that changes nothing: it is no use (ldb_engine_take_use). */
double ldb_engine_ask(struct ldb_engine *engine, enum ldb_function function, const double *arguments, int count);
/* Reports whether a function, a timer or a job has run since the previous call. */
int ldb_engine_take_use(struct ldb_engine *engine);
/* The memory through which bytes pass; another one after each call. */
struct ldb_bytes ldb_engine_arena(struct ldb_engine *engine);
/* Runs the pending promise jobs. Returns their number. */
int ldb_engine_run_jobs(struct ldb_engine *engine);
/* Passes the result of a sync to the engine. */
void ldb_engine_finish_sync(struct ldb_engine *engine, double number, double result);
/* Runs the timers that are due, and then the jobs. Returns the number of timers. */
int ldb_engine_run_timers(struct ldb_engine *engine);

#endif
