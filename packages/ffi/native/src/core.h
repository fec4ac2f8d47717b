/*
 * core.h: handles, databases and calls of the bundle.
 *
 * Rules. The table of handles has a lock of its own, which is held for a few instructions only. Each database has a lock, which a call
 * holds from the check of its handle to its end. The lock of the table may be taken with that of a database held, never the reverse. A
 * slot is freed with the lock of its database held: a call that has found its slot and holds the lock may use it. A database stays in
 * memory while a slot or a call refers to it.
 */
#ifndef LDB_CORE_H
#define LDB_CORE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "engine.h"
#include "ldb.h"

/* Bytes of the numbers at the start of the arena, before the texts of a call. */
#define LDB_OPTION_NUMBERS 16
#define LDB_OPTION_BYTES (LDB_OPTION_NUMBERS * 8)
#define LDB_KEY_BYTES_MAX 65535u
#define LDB_VALUE_BYTES_MAX (1u << 30)

enum ldb_kind {
  LDB_KIND_DATABASE = 1,
  LDB_KIND_KEYSPACE = 2,
  LDB_KIND_VIEW = 4,
  LDB_KIND_BATCH = 8,
  LDB_KIND_ITERATOR = 16,
  LDB_KIND_SNAPSHOT = 32,
  LDB_KIND_TRANSACTION = 64,
  LDB_KIND_CHANGES = 128
};
/* What has the entries of one keyspace. */
#define LDB_KINDS_DATA (LDB_KIND_DATABASE | LDB_KIND_KEYSPACE | LDB_KIND_VIEW)
/* A keyspace itself. */
#define LDB_KINDS_KEYSPACE (LDB_KIND_DATABASE | LDB_KIND_KEYSPACE)

/* Parts of the lock of the readers: a thread takes one of them, a call of the engine takes all. */
#define LDB_READER_LOCKS 4

/* One lock of readers, and what they count, on cache lines of its own. */
struct ldb_reader_lock {
  _Alignas(128) pthread_rwlock_t lock;
  /* Reads that were answered without a call of the engine. */
  atomic_uint_fast64_t answered_count;
};

struct ldb_window;
struct ldb_waiter;
struct ldb_sync;

/* A database. Its memory is used again for others, and never freed: a reader may hold the lock of one that is closed meanwhile. */
struct ldb_database {
  struct ldb_reader_lock readers[LDB_READER_LOCKS];
  /* Windows of keyspaces by their number in the bundle. Changed with all locks of readers held. */
  struct ldb_window **windows;
  uint32_t window_capacity, window_count;
  /* Gets and moves of iterators that have called the engine. */
  uint64_t entered_count;
  /* Calls after which the state may be another one. */
  uint64_t use_count;
  /* The next free structure. */
  struct ldb_database *next_free;
  pthread_mutex_t mutex;
  pthread_cond_t timer_changed;
  pthread_t thread;
  bool has_thread;
  bool is_closed;
  /* Time of the next timer on the monotonic clock; negative without one. */
  double due_ms;
  struct ldb_engine *engine;
  /* Threads that wait for the lock, and run the jobs of the engine when they have it. */
  atomic_uint queued_count;
  /* Threads in a row that have left the jobs to those. */
  uint32_t left_count;
  /* Threads that wait for a commit, the syncs that the engine has requested, and the number of those that run. */
  struct ldb_waiter *waiters;
  struct ldb_sync *syncs;
  uint32_t syncing_count;
  pthread_cond_t syncs_ended;
  /* Fast syncs in a row, and the commits that do not share one because of them. */
  uint32_t fast_sync_count, unshared_left;
  /* True from the begin of the close on: syncs are run within the lock. */
  bool is_closing;
  bool has_files;
  /* LDB_DURABILITY_ of commits that request none. */
  uint32_t durability;
  /* Number of the database in the bundle. */
  uint32_t object;
  /* Slots and calls that refer to it; under the lock of the table. */
  uint32_t reference_count;
};

struct ldb_slot {
  /* Read without the lock of the table by reads of windows. */
  _Atomic uint32_t generation;
  struct ldb_database *_Atomic database;
  enum ldb_kind kind;
  /* Number of the object in the bundle; of a database that of its keyspace "default". */
  uint32_t object;
  /* State of a batch or an iterator. */
  void *state;
  /* Its own index in the table. */
  uint32_t index;
  /* Index of the next free slot plus one; 0: none. */
  uint32_t next_free;
};

/* A call on a handle: its slot and its database, whose lock it holds. */
struct ldb_call {
  struct ldb_slot *slot;
  struct ldb_database *database;
  struct ldb_engine *engine;
};

/* Memory that grows. */
struct ldb_buffer {
  uint8_t *bytes;
  size_t length;
  size_t capacity;
};

/* -- errors.c -- */
/* Sets the text of the thread's last error, and returns the status. */
int32_t ldb_fail(int32_t status, const char *text);
/* Clears the text, and returns LDB_FORKED in a child of the process that has used the library. */
int32_t ldb_begin_function(void);
/* As ldb_begin_function, without a call of the system, on a valid handle: a function has run before. False: begin the function by a call. */
bool ldb_begin_reading(void);

/* -- handles.c -- */
/* Checks a handle, and locks its database. kinds: those that are accepted. */
int32_t ldb_begin_call(ldb_handle handle, int kinds, struct ldb_call *call);
/* As ldb_begin_call, also of a handle whose database is closed: its engine may be gone. */
int32_t ldb_begin_closing(ldb_handle handle, int kinds, struct ldb_call *call);
/* Runs the jobs of the engine, and unlocks the database. Returns `status`. */
int32_t ldb_end_call(const struct ldb_call *call, int32_t status);
/* Finds the object of a handle of the same database, for the second argument of a function. */
int32_t ldb_find_object(const struct ldb_call *call, ldb_handle handle, int kinds, uint32_t *object);
/* Adds a handle; 0 without memory. */
ldb_handle ldb_add_handle(struct ldb_database *database, enum ldb_kind kind, uint32_t object, void *state);
/* Frees the slot of a call. */
void ldb_remove_handle(struct ldb_call *call);

/* Locks a database whose handle is valid for a read of its windows, and returns its slot; NULL when the read needs a call. */
struct ldb_slot *ldb_begin_read(ldb_handle handle, int kinds, struct ldb_reader_lock **held);

/* -- window.c -- */
/* Creates and frees the locks of readers, and the windows. */
void ldb_windows_create(struct ldb_database *database);
void ldb_windows_clear(struct ldb_database *database);
/* Keeps readers out, and lets them in again. The caller holds the lock of the database. */
void ldb_exclude_readers(struct ldb_database *database);
void ldb_admit_readers(struct ldb_database *database);
/* Refreshes the windows after the engine was used. Readers are kept out. */
void ldb_refresh_windows(struct ldb_database *database);
/* Called by the engine. */
void ldb_change_window(void *context, const struct ldb_window_arrays *arrays, uint32_t keyspace);
/* Counts a read in C within a call. */
void ldb_count_answered(struct ldb_database *database);
uint64_t ldb_answered_count(struct ldb_database *database);
/* Reads a key through the window of a keyspace. Returns false when that needs a call of the engine. */
bool ldb_window_get(ldb_handle keyspace, const void *key, size_t key_bytes, void *buffer, size_t capacity, size_t *value_bytes, int32_t *status);
bool ldb_window_get_alloc(ldb_handle keyspace, const void *key, size_t key_bytes, void **value, size_t *value_bytes, int32_t *status);
bool ldb_window_has(ldb_handle keyspace, const void *key, size_t key_bytes, int32_t *status);

/* -- commits.c -- */
/* Locks a database. The caller runs the jobs of the engine before it unlocks. */
void ldb_lock(struct ldb_database *database);
/* The functions of the bundle that commit at once, and that return a ticket. */
struct ldb_commit_functions {
  enum ldb_function now, later;
};
/* Commits, and waits until the commit is visible. Handles may be closed meanwhile: of `call` only ldb_end_call may be used afterwards. */
int32_t ldb_commit(struct ldb_call *call, const struct ldb_commit_functions *functions, int count, const double *arguments, double durability);
/* As ldb_commit, of an operation on a keyspace; through a view it is not a commit. */
int32_t ldb_write(struct ldb_call *call, const struct ldb_commit_functions *functions, int count, const double *arguments, double durability);
/* Runs the first sync that was requested, without the lock, and then the jobs of the engine. */
void ldb_run_sync(struct ldb_database *database);
/* Lets a thread that waits run the syncs that were requested, or that of the timers. */
void ldb_pass_syncs_on(struct ldb_database *database);
/* Completes all syncs, and lets no further one begin without the lock. */
void ldb_end_syncs(struct ldb_database *database);
/* Settles the commits that the close of their database has left. */
void ldb_refuse_waiters(struct ldb_database *database);
/* Called by the engine. */
bool ldb_take_sync(void *context, int descriptor, bool is_data_only, double number);
void ldb_settle_commit(void *context, double ticket, int32_t status, struct ldb_bytes text);

/* -- databases.c -- */
struct ldb_database *ldb_database_create(void);
/* Frees a database to which nothing refers. */
void ldb_database_free(struct ldb_database *database);
/* Closes a database within a call on it. */
int32_t ldb_database_close(struct ldb_call *call);

/* -- calls.c -- */
/* Calls a function of the bundle; returns its result, or an error with the text set. */
double ldb_invoke(struct ldb_engine *engine, enum ldb_function function, int count, const double *arguments);
/* Makes room in the arena. */
int32_t ldb_reserve(struct ldb_engine *engine, size_t byte_count);
/* Stores a number of the option block. */
void ldb_set_number(struct ldb_engine *engine, int index, double number);
/* Copies bytes into the arena at `offset`; it must have room. */
void ldb_store(struct ldb_engine *engine, size_t offset, const void *bytes, size_t byte_count);
/* Shrinks the arena after a large value. */
void ldb_release_arena(struct ldb_engine *engine);
/* Checks a key, reserves room for it and `extra` bytes, and stores it at the start of the arena. */
int32_t ldb_store_key(struct ldb_engine *engine, const void *key, size_t key_bytes, size_t extra);
/* Stores a range at `offset` of the arena. */
struct ldb_stored_range {
  double lower_bytes, upper_bytes, bounds;
};
int32_t ldb_check_range(const ldb_range *range, struct ldb_range *checked);
int32_t ldb_store_range(struct ldb_engine *engine, const ldb_range *range, struct ldb_stored_range *stored);
/* Checks the options of a write. */
int32_t ldb_check_write(const ldb_write_options *options, double *durability, double *ttl_ms);
/* Copies `byte_count` bytes at the start of the arena into new memory, with a zero byte behind them. */
int32_t ldb_copy_result(struct ldb_engine *engine, size_t byte_count, void **memory);
/* Copies the JSON text that a function has returned; `json` may be NULL. */
int32_t ldb_copy_json(struct ldb_engine *engine, double result, char **json);
/* Appends to a buffer; false without memory. */
bool ldb_buffer_append(struct ldb_buffer *buffer, const void *bytes, size_t byte_count);
bool ldb_buffer_reserve(struct ldb_buffer *buffer, size_t byte_count);
/* Copies the caller's options: the members that `size` of it covers; zero for the rest. False for a size that is none. */
bool ldb_copy_options(void *target, size_t target_size, const void *source);

/* -- batches.c, iterators.c -- */
void ldb_batch_free(void *state);
void ldb_iterator_free(void *state);

#endif
