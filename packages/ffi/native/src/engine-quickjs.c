/* engine-quickjs.c: the adapter of QuickJS. The bundle is embedded as bytecode. */
#include "engine.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ldb.h"
#include "quickjs.h"

#define STRING_(x) #x
#define STRING(x) STRING_(x)
const char *const ldb_engine_label = "quickjs " STRING(LDB_QUICKJS_VERSION);

/* Bytes of the thread's stack that the engine may use: threads have 256 KiB or more. */
#define STACK_BYTES (176 * 1024)
/* Bytes of the first collection of cycles: loading the bundle makes none. The engine raises it as the heap grows. */
#define FIRST_COLLECTION_BYTES (16u << 20)

extern const uint8_t ldb_bytecode_start[];
extern const uint8_t ldb_bytecode_end[];

/* Host functions of the adapter itself, after those of the core. */
enum { HOST_SET_ARENA = LDB_HOST_COUNT_, HOST_ON_TIMER, HOST_SET_TIMER, HOST_ON_LOAD, HOST_PUBLISH_WINDOW, HOST_WITHDRAW_WINDOW, HOST_ALLOCATE,
       HOST_BEGIN_SYNC, HOST_ON_SYNCED, HOST_SETTLE_COMMIT, HOST_SEARCH_SLOTS, HOST_COPY, HOST_TOTAL };

static const char *const function_names[] = {
#define LDB_NAME(identifier, name) name,
    LDB_FUNCTIONS(LDB_NAME)
#undef LDB_NAME
};
static const char *const host_names[] = {
#define LDB_NAME(identifier, name) name,
    LDB_HOST_FUNCTIONS(LDB_NAME)
#undef LDB_NAME
    "setArena",
    "onTimer",
    "setTimer",
    "onLoad",
    "publishWindow",
    "withdrawWindow",
    "allocate",
    "beginSync",
    "onSynced",
    "settleCommit",
    "searchSlots",
    "copy"};

struct ldb_engine {
  JSRuntime *runtime;
  JSContext *context;
  JSValue functions[LDB_FN_COUNT_];
  JSValue arena;
  JSValue timer, synced;
  bool is_loaded, is_used;
  struct ldb_bytes bytes;
  struct ldb_engine_calls calls;
};

/* Returns the bytes of a typed array; none for another value. */
static struct ldb_bytes bytes_of(JSContext *context, JSValueConst value) {
  struct ldb_bytes bytes = {NULL, 0};
  size_t offset = 0, length = 0, width = 0, size = 0;
  JSValue buffer = JS_GetTypedArrayBuffer(context, value, &offset, &length, &width);
  if (JS_IsException(buffer)) {
    JS_FreeValue(context, JS_GetException(context));
    return bytes;
  }
  uint8_t *start = JS_GetArrayBuffer(context, &size, buffer);
  JS_FreeValue(context, buffer);
  if (start != NULL && offset <= size && length <= size - offset) {
    bytes.start = start + offset;
    bytes.length = length;
  }
  return bytes;
}

static void replace(JSContext *context, JSValue *place, JSValueConst value) {
  JSValue before = *place;
  *place = JS_DupValue(context, value);
  JS_FreeValue(context, before);
}

static void free_memory(JSRuntime *runtime, void *opaque, void *memory) {
  (void)runtime;
  (void)opaque;
  free(memory);
}

/* Returns a buffer of zeros, which the engine itself would write; undefined without memory. */
static JSValue allocate(JSContext *context, double byte_count) {
  if (!(byte_count >= 0 && byte_count <= INT32_MAX)) return JS_UNDEFINED;
  void *memory = calloc(byte_count < 1 ? 1 : (size_t)byte_count, 1);
  if (memory == NULL) return JS_UNDEFINED;
  JSValue buffer = JS_NewArrayBuffer(context, memory, (size_t)byte_count, free_memory, NULL, 0);
  if (JS_IsException(buffer)) free(memory);
  return buffer;
}

/* The search of pages, which most gets and puts call several times: without the general conversion of arguments. */
static JSValue search_slots(JSContext *context, int count, JSValueConst *values) {
  int32_t numbers[5] = {0};
  static const int at[5] = {1, 2, 4, 5, 6};
  if (count < 7) return JS_NewInt32(context, INT32_MAX);
  for (int index = 0; index < 5; index++)
    if (JS_ToInt32(context, &numbers[index], values[at[index]]) != 0) return JS_EXCEPTION;
  struct ldb_bytes arena = bytes_of(context, values[0]), key = bytes_of(context, values[3]);
  return JS_NewInt32(context, ldb_search_slots(arena, (uint32_t)numbers[0], (uint32_t)numbers[1], key, (uint32_t)numbers[2],
                                               (uint32_t)numbers[3], (uint32_t)numbers[4]));
}

/* Copies between two buffers: in the same way. */
static JSValue copy_bytes(JSContext *context, int count, JSValueConst *values) {
  double numbers[3] = {0};
  static const int at[3] = {1, 3, 4};
  size_t source_bytes = 0, target_bytes = 0;
  if (count < 5) return JS_NewInt32(context, -1);
  for (int index = 0; index < 3; index++)
    if (JS_ToFloat64(context, &numbers[index], values[at[index]]) != 0) return JS_EXCEPTION;
  const uint8_t *source = JS_GetArrayBuffer(context, &source_bytes, values[0]);
  uint8_t *target = source == NULL ? NULL : JS_GetArrayBuffer(context, &target_bytes, values[2]);
  if (target == NULL) return JS_EXCEPTION;
  double from = numbers[0], to = numbers[1], length = numbers[2];
  if (!(from >= 0 && to >= 0 && length >= 0 && from + length <= (double)source_bytes && to + length <= (double)target_bytes))
    return JS_NewInt32(context, -1);
  memmove(target + (size_t)to, source + (size_t)from, (size_t)length);
  return JS_NewInt32(context, 0);
}

static JSValue host_function(JSContext *context, JSValueConst self, int count, JSValueConst *values, int magic) {
  (void)self;
  struct ldb_engine *engine = JS_GetContextOpaque(context);
  struct ldb_host_arguments arguments;
  if (magic == HOST_SEARCH_SLOTS) return search_slots(context, count, values);
  if (magic == HOST_COPY) return copy_bytes(context, count, values);
  memset(&arguments, 0, sizeof arguments);
  for (int index = 0; index < count && index < LDB_ARGUMENTS_MAX; index++) {
    if (JS_IsNumber(values[index])) JS_ToFloat64(context, &arguments.numbers[index], values[index]);
    else if (JS_IsObject(values[index]) && !JS_IsFunction(context, values[index]))
      arguments.bytes[index] = bytes_of(context, values[index]);
  }
  switch (magic) {
    case HOST_SET_ARENA:
      if (count < 1) return JS_UNDEFINED;
      replace(context, &engine->arena, values[0]);
      engine->bytes = arguments.bytes[0];
      return JS_UNDEFINED;
    case HOST_ON_TIMER:
      if (count < 1) return JS_UNDEFINED;
      replace(context, &engine->timer, values[0]);
      return JS_UNDEFINED;
    case HOST_ON_SYNCED:
      if (count < 1) return JS_UNDEFINED;
      replace(context, &engine->synced, values[0]);
      return JS_UNDEFINED;
    case HOST_BEGIN_SYNC: {
      const double *numbers = arguments.numbers;
      return JS_NewInt32(context, engine->calls.on_sync(engine->calls.context, (int)numbers[0], numbers[1] != 0, numbers[2]));
    }
    case HOST_SETTLE_COMMIT:
      engine->calls.on_settled(engine->calls.context, arguments.numbers[0], (int32_t)arguments.numbers[1], arguments.bytes[2]);
      return JS_UNDEFINED;
    case HOST_ON_LOAD:
      if (count < 1) return JS_UNDEFINED;
      for (int index = 0; index < LDB_FN_COUNT_; index++)
        engine->functions[index] = JS_GetPropertyStr(context, values[0], function_names[index]);
      engine->is_loaded = true;
      return JS_UNDEFINED;
    case HOST_SET_TIMER:
      engine->calls.on_timer(engine->calls.context, arguments.numbers[0]);
      return JS_UNDEFINED;
    case HOST_PUBLISH_WINDOW: {
      const struct ldb_bytes *bytes = arguments.bytes;
      const struct ldb_window_arrays arrays = {bytes[0], bytes[1], bytes[2], bytes[3], bytes[4]};
      engine->calls.on_window(engine->calls.context, &arrays, 0);
      return JS_UNDEFINED;
    }
    case HOST_WITHDRAW_WINDOW:
      engine->calls.on_window(engine->calls.context, NULL, (uint32_t)arguments.numbers[0]);
      return JS_UNDEFINED;
    case HOST_ALLOCATE:
      return allocate(context, arguments.numbers[0]);
    default:
      return JS_NewFloat64(context, ldb_host_call((enum ldb_host_function)magic, &arguments));
  }
}

/* Stores the text of the pending exception. */
static void take_exception(JSContext *context, char *error, size_t capacity) {
  JSValue exception = JS_GetException(context);
  const char *text = JS_ToCString(context, exception);
  JSValue stack = JS_GetPropertyStr(context, exception, "stack");
  const char *trace = JS_IsString(stack) ? JS_ToCString(context, stack) : NULL;
  snprintf(error, capacity, "%s\n%s", text != NULL ? text : "exception", trace != NULL ? trace : "");
  if (trace != NULL) JS_FreeCString(context, trace);
  if (text != NULL) JS_FreeCString(context, text);
  JS_FreeValue(context, stack);
  JS_FreeValue(context, exception);
}

/* Runs the bundle: a module without imports, which passes its functions to the host function onLoad. */
static int load(struct ldb_engine *engine) {
  JSContext *context = engine->context;
  JSValue global = JS_GetGlobalObject(context), host = JS_NewObject(context);
  for (int index = 0; index < HOST_TOTAL; index++) {
    JSValue function = JS_NewCFunctionMagic(context, host_function, host_names[index], LDB_ARGUMENTS_MAX, JS_CFUNC_generic_magic, index);
    JS_SetPropertyStr(context, host, host_names[index], function);
  }
  JS_SetPropertyStr(context, global, "ldbHost", host);
  JS_FreeValue(context, global);
  size_t length = (size_t)(ldb_bytecode_end - ldb_bytecode_start);
  JSValue code = JS_ReadObject(context, ldb_bytecode_start, length, JS_READ_OBJ_BYTECODE);
  if (JS_IsException(code)) return -1;
  if (JS_ResolveModule(context, code) < 0) {
    JS_FreeValue(context, code);
    return -1;
  }
  JSValue result = JS_EvalFunction(context, code);
  if (JS_IsException(result)) return -1;
  /* A promise, which is rejected with the exception of the module. */
  bool is_rejected = JS_PromiseState(context, result) == JS_PROMISE_REJECTED;
  if (is_rejected) JS_Throw(context, JS_PromiseResult(context, result));
  JS_FreeValue(context, result);
  if (!is_rejected && !engine->is_loaded) JS_ThrowInternalError(context, "the bundle has not passed its functions");
  return engine->is_loaded ? 0 : -1;
}

struct ldb_engine *ldb_engine_create(const struct ldb_engine_calls *calls, char *error, size_t capacity) {
  struct ldb_engine *engine = calloc(1, sizeof *engine);
  snprintf(error, capacity, "no memory for the engine");
  if (engine == NULL) return NULL;
  engine->calls = *calls;
  engine->arena = JS_UNDEFINED;
  engine->timer = JS_UNDEFINED;
  engine->synced = JS_UNDEFINED;
  for (int index = 0; index < LDB_FN_COUNT_; index++) engine->functions[index] = JS_UNDEFINED;
  engine->runtime = JS_NewRuntime();
  if (engine->runtime == NULL) {
    free(engine);
    return NULL;
  }
  JS_SetMaxStackSize(engine->runtime, STACK_BYTES);
  JS_SetCanBlock(engine->runtime, 1);
  JS_SetGCThreshold(engine->runtime, FIRST_COLLECTION_BYTES);
  engine->context = JS_NewContext(engine->runtime);
  if (engine->context == NULL) {
    JS_FreeRuntime(engine->runtime);
    free(engine);
    return NULL;
  }
  JS_SetContextOpaque(engine->context, engine);
  if (load(engine) != 0) {
    take_exception(engine->context, error, capacity);
    ldb_engine_destroy(engine);
    return NULL;
  }
  return engine;
}

void ldb_engine_destroy(struct ldb_engine *engine) {
  JS_UpdateStackTop(engine->runtime);
  for (int index = 0; index < LDB_FN_COUNT_; index++) JS_FreeValue(engine->context, engine->functions[index]);
  JS_FreeValue(engine->context, engine->arena);
  JS_FreeValue(engine->context, engine->timer);
  JS_FreeValue(engine->context, engine->synced);
  JS_FreeContext(engine->context);
  JS_FreeRuntime(engine->runtime);
  free(engine);
}

double ldb_engine_call(struct ldb_engine *engine, enum ldb_function function, const double *arguments, int count) {
  JSContext *context = engine->context;
  JSValue values[LDB_ARGUMENTS_MAX];
  for (int index = 0; index < count; index++) {
    double number = arguments[index];
    int32_t integer = number >= -2147483648.0 && number <= 2147483647.0 ? (int32_t)number : 0;
    values[index] = (double)integer == number ? JS_NewInt32(context, integer) : JS_NewFloat64(context, number);
  }
  engine->is_used = true;
  JS_UpdateStackTop(engine->runtime);
  JSValue result = JS_Call(context, engine->functions[function], JS_UNDEFINED, count, values);
  double number = LDB_INVARIANT;
  if (JS_IsException(result)) JS_FreeValue(context, JS_GetException(context));
  else JS_ToFloat64(context, &number, result);
  JS_FreeValue(context, result);
  return number;
}

double ldb_engine_ask(struct ldb_engine *engine, enum ldb_function function, const double *arguments, int count) {
  bool is_used = engine->is_used;
  double result = ldb_engine_call(engine, function, arguments, count);
  engine->is_used = is_used;
  return result;
}

int ldb_engine_take_use(struct ldb_engine *engine) {
  bool is_used = engine->is_used;
  engine->is_used = false;
  return is_used;
}

struct ldb_bytes ldb_engine_arena(struct ldb_engine *engine) { return engine->bytes; }

int ldb_engine_run_jobs(struct ldb_engine *engine) {
  int count = 0;
  if (!JS_IsJobPending(engine->runtime)) return 0;
  engine->is_used = true;
  JS_UpdateStackTop(engine->runtime);
  for (;;) {
    JSContext *context = NULL;
    int result = JS_ExecutePendingJob(engine->runtime, &context);
    if (result == 0) return count;
    /* The engine's own code handles rejections; a job that throws nevertheless has no caller to report to. */
    if (result < 0 && context != NULL) JS_FreeValue(context, JS_GetException(context));
    count++;
  }
}

void ldb_engine_finish_sync(struct ldb_engine *engine, double number, double result) {
  JSValue values[2] = {JS_NewFloat64(engine->context, number), JS_NewFloat64(engine->context, result)};
  engine->is_used = true;
  JS_UpdateStackTop(engine->runtime);
  JSValue returned = JS_Call(engine->context, engine->synced, JS_UNDEFINED, 2, values);
  if (JS_IsException(returned)) JS_FreeValue(engine->context, JS_GetException(engine->context));
  JS_FreeValue(engine->context, returned);
}

int ldb_engine_run_timers(struct ldb_engine *engine) {
  double count = 0;
  engine->is_used = true;
  JS_UpdateStackTop(engine->runtime);
  if (JS_IsFunction(engine->context, engine->timer)) {
    JSValue result = JS_Call(engine->context, engine->timer, JS_UNDEFINED, 0, NULL);
    if (JS_IsException(result)) JS_FreeValue(engine->context, JS_GetException(engine->context));
    else JS_ToFloat64(engine->context, &count, result);
    JS_FreeValue(engine->context, result);
  }
  ldb_engine_run_jobs(engine);
  return (int)count;
}
