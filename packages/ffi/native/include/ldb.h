/*
 * ldb.h: the C interface of LDB, an embedded, ordered, transactional key-value database.
 *
 * Handles. A database and everything that is opened through it is a 64-bit handle: an index and a generation, never a pointer. A handle
 * that was closed is refused with LDB_CLOSED, also after its index is in use again. A handle of the wrong kind, and a number that never
 * was a handle, is LDB_INVALID_ARGUMENT. Zero is never a handle.
 *
 * Results. Functions return a status: LDB_OK (0), a positive answer (LDB_ABSENT, LDB_BUFFER_TOO_SMALL), or a negative error. After an
 * error, ldb_last_error() has its text, until the next call by the same thread. On an error, output arguments are not written, unless a
 * function says otherwise.
 *
 * Memory. Bytes that are passed in are copied before a function returns. Memory that a function allocates for the caller is released with
 * ldb_free(). Keys have 0 to 65,535 bytes, values 0 to 1 GiB; a pointer to 0 bytes may be NULL. Paths, names and passphrases are UTF-8 and
 * end with a zero byte.
 *
 * Threads. Every function may be called by any thread. Calls on one database run one after the other, in the calling thread, while
 * commits of several threads at full durability wait for the device together, and let other calls in meanwhile; calls on
 * different databases run in parallel. An iterator, a batch, a transaction or a reader of changes is used by one thread at a time. A
 * thread needs a stack of 256 KiB. No function may be called from a signal handler. A process that was forked from one that has used the
 * library cannot use it: all functions with a status return LDB_FORKED there, and the files of the parent are not touched. exec() after
 * the fork ends this.
 *
 * Structures of options begin with their size: set `size` to sizeof of the structure, and all other members that are not used to zero,
 * which is the default of each. A library reads only the members that the caller's `size` covers.
 *
 * Files. The files are those of @ldb/core. One process at a time opens a database for writing, in any language: all others get LDB_LOCKED.
 */
#ifndef LDB_H
#define LDB_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define LDB_API __attribute__((visibility("default")))
#else
#define LDB_API
#endif

/* Version of this interface. A library with another value of ldb_abi_version() is not compatible with this header. */
#define LDB_ABI_VERSION 1u

/* A database, a keyspace, a batch, an iterator, a snapshot, a transaction, or a reader of changes. */
typedef uint64_t ldb_handle;

/* Statuses. The negative ones up to LDB_INVARIANT are the error codes of @ldb/core, with the same meaning. */
enum ldb_status {
  LDB_OK = 0,
  /* There is no entry: an answer, not an error. */
  LDB_ABSENT = 1,
  /* The caller's buffer is smaller than the result, whose size is stored. Nothing else has happened. */
  LDB_BUFFER_TOO_SMALL = 2,

  LDB_INVALID_ARGUMENT = -1, /* wrong argument, unknown option, invalid range */
  LDB_CLOSED = -2,           /* use after close, or after the end of a transaction */
  LDB_NOT_FOUND = -3,        /* no database and LDB_OPEN_EXISTING; unknown keyspace or savepoint; changes no longer in the log */
  LDB_EXISTS = -4,           /* LDB_OPEN_NEW and a database; a keyspace with other options */
  LDB_LOCKED = -5,           /* another opener holds the database: the text names it */
  LDB_CONFLICT = -6,         /* the transaction lost to another commit: run it again */
  LDB_READ_ONLY = -7,        /* a write to a read-only database, transaction or snapshot */
  LDB_TOO_LARGE = -8,        /* key over 65,535 bytes, value or batch over 1 GiB */
  LDB_NO_SPACE = -9,         /* device or quota full: nothing acknowledged is lost */
  LDB_IO = -10,              /* another failed file operation: close and open again */
  LDB_POISONED = -11,        /* a write or sync failed before: close and open again */
  LDB_COMMIT_UNKNOWN = -12,  /* the bytes were written but the sync failed: open again and look */
  LDB_CORRUPTION = -13,      /* bytes do not match their checksum: the text names file and offset */
  LDB_FORMAT = -14,          /* not a database, or of a newer format */
  LDB_KEY = -15,             /* encryption key missing, wrong or needless */
  LDB_UNSUPPORTED = -16,     /* this build lacks it */
  LDB_ABORTED = -17,         /* the operation was cancelled */
  LDB_INVARIANT = -18,       /* a defect of the library: please report it with the text */

  LDB_NO_MEMORY = -19, /* no memory, or no thread, for the call */
  LDB_FORKED = -20     /* the process was forked after the library was used */
};

/* Values of options. Zero is the default everywhere: what @ldb/core does, unless a comment says otherwise. */
enum { LDB_ENGINE_DEFAULT = 0, LDB_ENGINE_BTREE = 1, LDB_ENGINE_LSM = 2 };
enum { LDB_DURABILITY_DEFAULT = 0, LDB_DURABILITY_FULL = 1, LDB_DURABILITY_PERIODIC = 2, LDB_DURABILITY_NONE = 3 };
enum {
  LDB_COMPRESSION_DEFAULT = 0,
  LDB_COMPRESSION_NONE = 1,
  LDB_COMPRESSION_LZ4 = 2,
  LDB_COMPRESSION_DEFLATE = 3,
  LDB_COMPRESSION_ADAPTIVE = 4
};
enum { LDB_KEYS_BINARY = 0, LDB_KEYS_UTF8 = 1, LDB_KEYS_TUPLE = 2 };
enum { LDB_VALUES_BINARY = 0, LDB_VALUES_UTF8 = 1, LDB_VALUES_JSON = 2, LDB_VALUES_STRUCTURED = 3 };
enum { LDB_ISOLATION_DEFAULT = 0, LDB_ISOLATION_SERIALIZABLE = 1, LDB_ISOLATION_SNAPSHOT = 2 };
enum { LDB_OPEN_READ_ONLY = 1, LDB_OPEN_EXISTING = 2, LDB_OPEN_NEW = 4 };
enum { LDB_BOUND_GTE = 1, LDB_BOUND_GT = 2, LDB_BOUND_LT = 4, LDB_BOUND_LTE = 8, LDB_BOUND_PREFIX = 16, LDB_BOUND_REVERSE = 32 };
enum {
  LDB_CHANGE_PUT = 1,
  LDB_CHANGE_DELETE = 2,
  LDB_CHANGE_EXPIRE = 3,
  LDB_CHANGE_DELETE_RANGE = 4,
  LDB_CHANGE_LOAD = 5,
  LDB_CHANGE_CREATE_KEYSPACE = 6,
  LDB_CHANGE_DROP_KEYSPACE = 7
};

/*
 * The secret of an encrypted database: a key of 32 bytes, or a passphrase. Neither: the database is not encrypted. Both: an error. An open with a
 * passphrase takes about half a second and 128 MiB for the derivation of the key.
 */
typedef struct ldb_secret {
  size_t size;
  const void *key;
  size_t key_bytes;
  const char *passphrase;
} ldb_secret;

/* Options of ldb_open. */
typedef struct ldb_open_options {
  size_t size;
  uint32_t flags;            /* LDB_OPEN_ bits. None: for writing, created if it is missing */
  uint32_t engine;           /* of the default keyspace and of new keyspaces: LDB_ENGINE_ */
  uint32_t durability;       /* when a commit is acknowledged: LDB_DURABILITY_. Default: full */
  uint32_t compression;      /* of new keyspaces: LDB_COMPRESSION_ */
  uint64_t cache_bytes;      /* of pages and blocks; default 64 MiB */
  uint32_t sync_interval_ms; /* for periodic and none; default 100 */
  uint32_t page_bytes;       /* of a new database: a power of two from 4,096 to 32,768; default 8,192 */
  uint64_t blob_bytes;       /* values above it are stored out of line; default 16 KiB */
  uint64_t memtable_bytes;   /* of each LSM keyspace; default 32 MiB */
  uint32_t max_open_files;   /* default 512 */
  const ldb_secret *secret;  /* NULL: not encrypted */
} ldb_open_options;

/* Options of ldb_keyspace_open. Of a keyspace that exists, encodings are as stored, and other options must be equal or default. */
typedef struct ldb_keyspace_options {
  size_t size;
  uint32_t engine;      /* LDB_ENGINE_ */
  uint32_t keys;        /* encoding that @ldb/core is told of a new keyspace: LDB_KEYS_; this interface sees bytes always */
  uint32_t values;      /* as keys: LDB_VALUES_ */
  uint32_t compression; /* LDB_COMPRESSION_ */
  double ttl_ms;        /* time to live of entries; 0: as stored; -1: no expiry */
} ldb_keyspace_options;

/* Options of a write. A commit of a transaction and of a batch has the durability only, and a put in them the time to live only. */
typedef struct ldb_write_options {
  size_t size;
  uint32_t durability; /* LDB_DURABILITY_; default: that of the database */
  double ttl_ms;       /* time to live of the entry; 0: that of the keyspace; -1: no expiry */
} ldb_write_options;

/* Options of ldb_transaction_begin. */
typedef struct ldb_transaction_options {
  size_t size;
  uint32_t isolation; /* LDB_ISOLATION_; default: serializable */
  uint32_t read_only; /* 1: writes are refused */
} ldb_transaction_options;

/* A range of keys, in byte order. NULL, or no bounds: all keys. */
typedef struct ldb_range {
  size_t size;
  uint32_t bounds;   /* LDB_BOUND_ bits: at most one of GTE, GT and PREFIX, which `lower` is of; at most one of LT and LTE, of `upper` */
  const void *lower; /* or the prefix */
  size_t lower_bytes;
  const void *upper;
  size_t upper_bytes;
} ldb_range;

/* ---- The library ---- */

/* Returns the version of the library, for instance "0.1.0". The text is never freed. */
LDB_API const char *ldb_version(void);
/* Returns the version of the interface of the library: LDB_ABI_VERSION of the header that it was built with. */
LDB_API uint32_t ldb_abi_version(void);
/* Returns the name of the JavaScript engine inside, for instance "quickjs 2025-04-26". The text is never freed. */
LDB_API const char *ldb_engine_name(void);
/* Returns the name of a status, for instance "LDB_LOCKED"; "LDB_UNKNOWN" for other numbers. The text is never freed. */
LDB_API const char *ldb_status_name(int32_t status);
/*
 * Returns the text of the last error of the calling thread; an empty text when its last call did not fail. Valid until the thread calls
 * another function of the library, or ends. Read it right after the failed call.
 */
LDB_API const char *ldb_last_error(void);
/* Releases memory that a function has allocated for the caller. NULL has no effect. */
LDB_API void ldb_free(void *memory);

/* ---- Databases ---- */

/*
 * Opens the database in a directory, or creates it. A relative path is resolved at the call. After a crash, this replays the log.
 *
 * path: the directory; NULL: a memory-only database, which touches no file.
 * options: NULL: all defaults.
 * database: receives the handle. As a keyspace it is the keyspace "default".
 * Errors: LDB_INVALID_ARGUMENT, LDB_NOT_FOUND, LDB_EXISTS, LDB_LOCKED, LDB_FORMAT, LDB_KEY, LDB_CORRUPTION, LDB_READ_ONLY, LDB_NO_SPACE,
 * LDB_IO, LDB_NO_MEMORY.
 */
LDB_API int32_t ldb_open(const char *path, const ldb_open_options *options, ldb_handle *database);
/*
 * Closes a handle of any kind. Waits for a call that is running on the same database.
 *
 * A database: ends its open transactions, reads and readers, checkpoints, and releases files and lock. Its other handles are LDB_CLOSED from
 * then on; they need not be closed, but closing them releases their slots. When the checkpoint fails, the status says so and the database is
 * closed nevertheless: no acknowledged commit of full or periodic durability is lost.
 * A transaction: rolls it back unless it has ended. A batch: discards its operations. A keyspace: forgets the handle only.
 * Errors: LDB_CLOSED for a handle that is closed already; LDB_IO, LDB_NO_SPACE, LDB_POISONED of a database.
 */
LDB_API int32_t ldb_close(ldb_handle handle);
/* Makes every acknowledged commit durable. Errors: LDB_IO, LDB_NO_SPACE, LDB_COMMIT_UNKNOWN, LDB_POISONED, LDB_READ_ONLY. */
LDB_API int32_t ldb_sync(ldb_handle database);
/* Checkpoints every keyspace, and truncates the log. Errors: as ldb_sync. */
LDB_API int32_t ldb_checkpoint(ldb_handle database);
/* Compacts every keyspace, and returns free space to the file system. Errors: as ldb_sync. */
LDB_API int32_t ldb_compact(ldb_handle database);
/*
 * Verifies every page, record and entry of an open database. Damage is part of the report, not an error.
 *
 * json: receives the report of @ldb/core as JSON, which ends with a zero byte; release it with ldb_free(). `"ok":true` means clean.
 */
LDB_API int32_t ldb_verify(ldb_handle database, char **json);
/* Returns statistics as JSON; release the text with ldb_free(). `readWindow` has the gets that were answered without and with the engine. */
LDB_API int32_t ldb_stats(ldb_handle database, char **json);
/*
 * Backs up the present state into a directory that is absent or empty, or, with incremental = 1, that contains earlier backups of the same
 * database. json: receives a report; NULL: none. Errors: LDB_EXISTS, LDB_NO_SPACE, LDB_CORRUPTION, LDB_IO.
 */
LDB_API int32_t ldb_backup(ldb_handle database, const char *directory, int incremental, char **json);

/* ---- Closed databases. These open nothing for the caller, and take the lock of the directory as their work requires. ---- */

/* Verifies a closed database; as ldb_verify. Damage that prevents the open is part of the report. Errors: LDB_NOT_FOUND, LDB_LOCKED, LDB_FORMAT. */
LDB_API int32_t ldb_verify_directory(const char *path, const ldb_secret *secret, char **json);
/*
 * Restores a database from the directory of its backups to a path that is absent or empty.
 *
 * until: newest commit of the restored database; -1: the newest of the backup. json: receives a report; NULL: none.
 * Errors: LDB_NOT_FOUND, LDB_EXISTS, LDB_CORRUPTION, LDB_KEY, LDB_FORMAT, LDB_NO_SPACE, LDB_IO. Nothing is left then.
 */
LDB_API int32_t ldb_restore(const char *backup, const char *path, const ldb_secret *secret, int64_t until, char **json);
/*
 * Salvages a damaged database into a new directory, which is absent or empty. The damaged one is not changed.
 *
 * json: receives a report of what is lost; NULL: none. Errors: LDB_EXISTS, LDB_NOT_FOUND, LDB_LOCKED, LDB_FORMAT, LDB_NO_SPACE, LDB_IO.
 */
LDB_API int32_t ldb_repair(const char *path, const char *target, const ldb_secret *secret, char **json);
/* Deletes a database, and nothing that does not belong to it. Errors: LDB_NOT_FOUND, LDB_FORMAT, LDB_LOCKED, LDB_IO. */
LDB_API int32_t ldb_destroy(const char *path);

/* ---- Keyspaces ---- */

/*
 * Opens a keyspace, or creates it. Each call makes a handle of its own.
 *
 * Errors: LDB_EXISTS for other options than the stored ones, LDB_INVALID_ARGUMENT, LDB_READ_ONLY, LDB_CLOSED.
 */
LDB_API int32_t ldb_keyspace_open(ldb_handle database, const char *name, const ldb_keyspace_options *options, ldb_handle *keyspace);
/* Drops a keyspace with its entries. Its handles are LDB_NOT_FOUND from then on. Errors: LDB_NOT_FOUND, LDB_INVALID_ARGUMENT for "default". */
LDB_API int32_t ldb_keyspace_drop(ldb_handle database, const char *name);
/* Returns the keyspaces as a JSON array in the order of their creation; release the text with ldb_free(). */
LDB_API int32_t ldb_keyspace_list(ldb_handle database, char **json);

/*
 * ---- Reads and writes ----
 *
 * `keyspace` is a keyspace, a database (its keyspace "default"), or the result of ldb_in(): a keyspace through a snapshot or a transaction.
 * Each write to a keyspace is one atomic commit. Reads fail with LDB_CLOSED, LDB_NOT_FOUND after a drop, LDB_IO, LDB_CORRUPTION; writes also
 * with LDB_READ_ONLY, LDB_TOO_LARGE, LDB_NO_SPACE, LDB_COMMIT_UNKNOWN, LDB_POISONED.
 */

/* Writes an entry; an existing one is overwritten. */
LDB_API int32_t ldb_put(ldb_handle keyspace, const void *key, size_t key_bytes, const void *value, size_t value_bytes, const ldb_write_options *options);
/*
 * Copies the value of a key into the caller's buffer.
 *
 * value_bytes: receives the length of the value, also with LDB_BUFFER_TOO_SMALL. buffer may be NULL when capacity is 0.
 * Returns LDB_OK, LDB_ABSENT, LDB_BUFFER_TOO_SMALL, or an error.
 */
LDB_API int32_t ldb_get(ldb_handle keyspace, const void *key, size_t key_bytes, void *buffer, size_t capacity, size_t *value_bytes);
/* Returns a copy of the value in new memory, which the caller releases with ldb_free(). Returns LDB_OK, LDB_ABSENT, or an error. */
LDB_API int32_t ldb_get_alloc(ldb_handle keyspace, const void *key, size_t key_bytes, void **value, size_t *value_bytes);
/* As ldb_get, in a transaction: the read conflicts with other commits like a write of the key. LDB_INVALID_ARGUMENT outside of a transaction. */
LDB_API int32_t ldb_get_for_update(ldb_handle keyspace, const void *key, size_t key_bytes, void *buffer, size_t capacity, size_t *value_bytes);
/* Reports whether a key is present: LDB_OK or LDB_ABSENT. */
LDB_API int32_t ldb_has(ldb_handle keyspace, const void *key, size_t key_bytes);
/* Removes a key. A missing key is not an error. */
LDB_API int32_t ldb_delete(ldb_handle keyspace, const void *key, size_t key_bytes, const ldb_write_options *options);
/* Removes the entries of a range, which must have a bound. */
LDB_API int32_t ldb_delete_range(ldb_handle keyspace, const ldb_range *range, const ldb_write_options *options);
/* Counts the entries of a range. */
LDB_API int32_t ldb_count(ldb_handle keyspace, const ldb_range *range, uint64_t *count);

/*
 * ---- Batches: writes to any number of keyspaces, in one atomic commit ----
 *
 * Operations are collected in memory, without a call of the engine. `keyspace` is a keyspace or the database of the batch.
 */

/* Opens an empty batch. Close it with ldb_close(). Errors: LDB_CLOSED, LDB_NO_MEMORY. */
LDB_API int32_t ldb_batch_open(ldb_handle database, ldb_handle *batch);
/* Adds a put. options: the time to live only; may be NULL. Errors: LDB_INVALID_ARGUMENT, LDB_TOO_LARGE, LDB_NO_MEMORY, LDB_CLOSED. */
LDB_API int32_t ldb_batch_put(ldb_handle batch, ldb_handle keyspace, const void *key, size_t key_bytes, const void *value, size_t value_bytes, const ldb_write_options *options);
/* Adds a delete. Errors: as ldb_batch_put. */
LDB_API int32_t ldb_batch_delete(ldb_handle batch, ldb_handle keyspace, const void *key, size_t key_bytes);
/* Adds a range delete, of the entries at the commit. Errors: as ldb_batch_put. */
LDB_API int32_t ldb_batch_delete_range(ldb_handle batch, ldb_handle keyspace, const ldb_range *range);
/* Removes all operations from the batch. */
LDB_API int32_t ldb_batch_clear(ldb_handle batch);
/*
 * Commits the operations, in their order. On success the batch is empty and may be used again; on a failure it keeps its operations.
 * options: the durability only; may be NULL. Errors: those of writes.
 */
LDB_API int32_t ldb_batch_commit(ldb_handle batch, const ldb_write_options *options);

/*
 * ---- Iterators: a position in the entries of a range, in the state at the call that opened it ----
 *
 * With LDB_BOUND_REVERSE every move is mirrored. A move returns LDB_OK, LDB_ABSENT when there is no entry, or an error. A new iterator is
 * before the first entry. After LDB_ABSENT, next moves to the first entry, and previous to the last.
 */

/* Opens an iterator, which keeps the old state of the database until it is closed. */
LDB_API int32_t ldb_iterator_open(ldb_handle keyspace, const ldb_range *range, ldb_handle *iterator);
/* Moves to the first entry. */
LDB_API int32_t ldb_iterator_first(ldb_handle iterator);
/* Moves to the last entry. */
LDB_API int32_t ldb_iterator_last(ldb_handle iterator);
/* Moves to the first entry at or after a key; with LDB_BOUND_REVERSE at or before it. */
LDB_API int32_t ldb_iterator_seek(ldb_handle iterator, const void *key, size_t key_bytes);
/* Moves to the next entry. */
LDB_API int32_t ldb_iterator_next(ldb_handle iterator);
/* Moves to the previous entry. */
LDB_API int32_t ldb_iterator_previous(ldb_handle iterator);
/*
 * Returns key and value of the entry to which the last move led: memory of the iterator, valid until its next move or its close.
 * LDB_ABSENT when it is on no entry. Each output may be NULL.
 */
LDB_API int32_t ldb_iterator_entry(ldb_handle iterator, const void **key, size_t *key_bytes, const void **value, size_t *value_bytes);
/*
 * Moves over the next entries, and copies as many as fit into the caller's buffer, or fewer, at least one, each as: length of the key and of the value (32 bits
 * each, little-endian), key, value.
 *
 * used: receives the bytes that were written; with LDB_BUFFER_TOO_SMALL, those that the next entry needs. entry_count: their number.
 * Returns LDB_OK, LDB_ABSENT after the last entry, which lasts until another move; LDB_BUFFER_TOO_SMALL when not one entry fits, and the
 * iterator has not moved; or an error. ldb_iterator_entry() is LDB_ABSENT afterwards.
 */
LDB_API int32_t ldb_iterator_next_batch(ldb_handle iterator, void *buffer, size_t capacity, size_t *used, uint32_t *entry_count);

/* ---- Snapshots and transactions ---- */

/* Takes a snapshot of all keyspaces, which keeps the old state until it is closed. */
LDB_API int32_t ldb_snapshot_open(ldb_handle database, ldb_handle *snapshot);
/*
 * Begins a transaction: a snapshot, with writes of its own, which others see after its commit. Many may be open at once; the first to commit
 * wins. Close it with ldb_close().
 */
LDB_API int32_t ldb_transaction_begin(ldb_handle database, const ldb_transaction_options *options, ldb_handle *transaction);
/*
 * Returns a handle of a keyspace as it is seen through a snapshot or a transaction. keyspace: a keyspace, or the database. It is
 * LDB_CLOSED once the snapshot is closed or the transaction has ended.
 */
LDB_API int32_t ldb_in(ldb_handle snapshot_or_transaction, ldb_handle keyspace, ldb_handle *view);
/*
 * Commits a transaction. It has ended afterwards, even if the commit fails; the handle remains to be closed.
 * options: the durability only; may be NULL. Errors: LDB_CONFLICT: run it again; LDB_CLOSED when it has ended; those of writes.
 */
LDB_API int32_t ldb_transaction_commit(ldb_handle transaction, const ldb_write_options *options);
/* Discards the writes of a transaction, and ends it. No effect after its end. */
LDB_API int32_t ldb_transaction_rollback(ldb_handle transaction);
/* Returns a savepoint: the writes so far. Its number is valid until the transaction ends, or a rollback to an earlier one. */
LDB_API int32_t ldb_transaction_savepoint(ldb_handle transaction, uint32_t *savepoint);
/* Discards the writes since a savepoint, which stays valid. Errors: LDB_INVALID_ARGUMENT, LDB_NOT_FOUND, LDB_CLOSED. */
LDB_API int32_t ldb_transaction_rollback_to(ldb_handle transaction, uint32_t savepoint);

/* ---- Changes ---- */

/*
 * Opens a reader of the committed changes of a keyspace, which keeps the log back to its position.
 *
 * since: number of the commit after which it starts; 0: the first one; -1: the newest commit now.
 * Errors: LDB_NOT_FOUND when the log no longer reaches back so far; LDB_INVALID_ARGUMENT when there is no such commit yet.
 */
LDB_API int32_t ldb_changes_open(ldb_handle database, ldb_handle keyspace, int64_t since, ldb_handle *changes);
/*
 * Returns the changes of the next commit in new memory, which the caller releases with ldb_free(); LDB_ABSENT when there is none yet. Does not
 * wait. Commits at durability none appear after the background has written them.
 *
 * The memory, all numbers little-endian: number of the commit (64 bits), number of changes (32), bytes of the changes (32); then each change:
 * kind LDB_CHANGE_ (32), length of the key (32), length of the value (32), key, value. For a range (DELETE_RANGE, LOAD) they are its lower
 * bound and its upper bound, which is exclusive; the length 0xFFFFFFFF means no bound. For CREATE_KEYSPACE and DROP_KEYSPACE the key is the name of the
 * keyspace, and the value is empty.
 */
LDB_API int32_t ldb_changes_poll(ldb_handle changes, void **commit, size_t *commit_bytes);

#ifdef __cplusplus
}
#endif

#endif
