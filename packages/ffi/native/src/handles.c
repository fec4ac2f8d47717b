/* handles.c: the table of handles. Slots are in chunks that never move. */
#include <stdlib.h>

#include "core.h"

#define CHUNK_SLOTS 256u
#define CHUNKS_MAX 65536u

static pthread_mutex_t table_mutex = PTHREAD_MUTEX_INITIALIZER;
/* Read without the lock by reads of windows. */
static struct ldb_slot *_Atomic chunks[CHUNKS_MAX];
static uint32_t slot_count;
/* Index of the first free slot plus one; 0: none. */
static uint32_t first_free;

static struct ldb_slot *slot_at(uint32_t index) {
  struct ldb_slot *chunk = atomic_load_explicit(&chunks[index / CHUNK_SLOTS], memory_order_acquire);
  return chunk == NULL ? NULL : &chunk[index % CHUNK_SLOTS];
}

/* Finds the slot of a handle. Holds the lock of the table. */
static int32_t find(ldb_handle handle, int kinds, struct ldb_slot **found) {
  uint32_t number = (uint32_t)handle, generation = (uint32_t)(handle >> 32);
  if (number == 0 || number > slot_count || generation == 0) return LDB_INVALID_ARGUMENT;
  struct ldb_slot *slot = slot_at(number - 1);
  if (generation > slot->generation) return LDB_INVALID_ARGUMENT;
  if (generation < slot->generation || slot->database == NULL) return LDB_CLOSED;
  if ((slot->kind & kinds) == 0) return LDB_INVALID_ARGUMENT;
  *found = slot;
  return LDB_OK;
}

static int32_t refuse(int32_t status) {
  if (status == LDB_CLOSED) return ldb_fail(status, "the handle is closed");
  return ldb_fail(status, "not a handle, or one of another kind");
}

static void release(struct ldb_database *database) {
  pthread_mutex_lock(&table_mutex);
  bool is_last = --database->reference_count == 0;
  pthread_mutex_unlock(&table_mutex);
  if (is_last) ldb_database_free(database);
}

static int32_t begin(ldb_handle handle, int kinds, bool is_closing, struct ldb_call *call) {
  int32_t status = ldb_begin_function();
  if (status != LDB_OK) return status;
  struct ldb_slot *slot = NULL;
  pthread_mutex_lock(&table_mutex);
  status = find(handle, kinds, &slot);
  struct ldb_database *database = status == LDB_OK ? slot->database : NULL;
  if (database != NULL) database->reference_count++;
  pthread_mutex_unlock(&table_mutex);
  if (database == NULL) return refuse(status);

  ldb_lock(database);
  /* Another thread may have closed the handle meanwhile. */
  pthread_mutex_lock(&table_mutex);
  status = find(handle, kinds, &slot);
  pthread_mutex_unlock(&table_mutex);
  if (status == LDB_OK && database->is_closed && !is_closing) status = LDB_CLOSED;
  ldb_exclude_readers(database);
  if (status != LDB_OK) {
    const struct ldb_call refused = {NULL, database, NULL};
    ldb_end_call(&refused, status);
    return refuse(status);
  }
  call->slot = slot;
  call->database = database;
  call->engine = database->engine;
  return LDB_OK;
}

int32_t ldb_begin_call(ldb_handle handle, int kinds, struct ldb_call *call) { return begin(handle, kinds, false, call); }

int32_t ldb_begin_closing(ldb_handle handle, int kinds, struct ldb_call *call) { return begin(handle, kinds, true, call); }

int32_t ldb_end_call(const struct ldb_call *call, int32_t status) {
  struct ldb_database *database = call->database;
  if (database->engine != NULL) {
    ldb_engine_run_jobs(database->engine);
    ldb_pass_syncs_on(database);
    ldb_refresh_windows(database);
  }
  ldb_admit_readers(database);
  pthread_mutex_unlock(&database->mutex);
  release(database);
  return status;
}

/* The slot cannot be freed while a lock of its database is held, and the memory of a database is never freed. */
static bool is_readable(struct ldb_slot *slot, struct ldb_database *database, uint32_t generation) {
  return atomic_load_explicit(&slot->database, memory_order_acquire) == database &&
         atomic_load_explicit(&slot->generation, memory_order_acquire) == generation;
}

/* Each thread has one of the locks of readers. */
static unsigned reader_index(void) {
  static atomic_uint thread_count;
  static _Thread_local unsigned number;
  if (number == 0) number = atomic_fetch_add(&thread_count, 1) % LDB_READER_LOCKS + 1;
  return number - 1;
}

struct ldb_slot *ldb_begin_read(ldb_handle handle, int kinds, struct ldb_reader_lock **held) {
  uint32_t number = (uint32_t)handle, generation = (uint32_t)(handle >> 32);
  if (number == 0 || number > CHUNK_SLOTS * CHUNKS_MAX) return NULL;
  struct ldb_slot *slot = slot_at(number - 1);
  struct ldb_database *database = slot == NULL ? NULL : atomic_load_explicit(&slot->database, memory_order_acquire);
  if (database == NULL || !is_readable(slot, database, generation)) return NULL;
  struct ldb_reader_lock *reader = &database->readers[reader_index()];
  pthread_rwlock_rdlock(&reader->lock);
  if (is_readable(slot, database, generation) && (slot->kind & kinds) != 0) {
    *held = reader;
    return slot;
  }
  pthread_rwlock_unlock(&reader->lock);
  return NULL;
}

int32_t ldb_find_object(const struct ldb_call *call, ldb_handle handle, int kinds, uint32_t *object) {
  struct ldb_slot *slot = NULL;
  pthread_mutex_lock(&table_mutex);
  int32_t status = find(handle, kinds, &slot);
  bool is_other = status == LDB_OK && slot->database != call->database;
  if (status == LDB_OK) *object = slot->object;
  pthread_mutex_unlock(&table_mutex);
  if (is_other) return ldb_fail(LDB_INVALID_ARGUMENT, "the handles are of different databases");
  return status == LDB_OK ? LDB_OK : refuse(status);
}

/* Returns a free slot; NULL without memory. Holds the lock of the table. */
static struct ldb_slot *take_slot(void) {
  if (first_free != 0) {
    struct ldb_slot *slot = slot_at(first_free - 1);
    first_free = slot->next_free;
    return slot;
  }
  if (slot_count == CHUNK_SLOTS * CHUNKS_MAX) return NULL;
  if (slot_count % CHUNK_SLOTS == 0) {
    struct ldb_slot *chunk = calloc(CHUNK_SLOTS, sizeof *chunk);
    if (chunk == NULL) return NULL;
    atomic_store_explicit(&chunks[slot_count / CHUNK_SLOTS], chunk, memory_order_release);
  }
  struct ldb_slot *slot = slot_at(slot_count);
  slot->index = slot_count++;
  slot->generation = 1;
  return slot;
}

ldb_handle ldb_add_handle(struct ldb_database *database, enum ldb_kind kind, uint32_t object, void *state) {
  ldb_handle handle = 0;
  pthread_mutex_lock(&table_mutex);
  struct ldb_slot *slot = take_slot();
  if (slot != NULL) {
    slot->kind = kind;
    slot->object = object;
    slot->state = state;
    /* Last: a reader that finds the database finds the rest. */
    atomic_store_explicit(&slot->database, database, memory_order_release);
    database->reference_count++;
    handle = (ldb_handle)slot->generation << 32 | (slot->index + 1);
  }
  pthread_mutex_unlock(&table_mutex);
  return handle;
}

void ldb_remove_handle(struct ldb_call *call) {
  struct ldb_slot *slot = call->slot;
  pthread_mutex_lock(&table_mutex);
  slot->database = NULL;
  slot->state = NULL;
  /* A slot whose generations are used up is never used again. */
  if (++slot->generation != UINT32_MAX) {
    slot->next_free = first_free;
    first_free = slot->index + 1;
  }
  call->database->reference_count--;
  pthread_mutex_unlock(&table_mutex);
}
