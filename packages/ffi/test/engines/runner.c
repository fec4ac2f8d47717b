/* runner.c: runs scripts of tests in QuickJS. Prints what they print; the status is 0 when the last line of a script says so. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "quickjs.h"

static JSValue print(JSContext *context, JSValueConst self, int count, JSValueConst *values) {
  (void)self;
  for (int index = 0; index < count; index++) {
    const char *text = JS_ToCString(context, values[index]);
    printf("%s%s", index > 0 ? " " : "", text != NULL ? text : "?");
    JS_FreeCString(context, text);
  }
  printf("\n");
  return JS_UNDEFINED;
}

static JSValue processor_ms(JSContext *context, JSValueConst self, int count, JSValueConst *values) {
  (void)self;
  (void)count;
  (void)values;
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return JS_NewFloat64(context, (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6);
}

static char *read_file(const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) return NULL;
  long size = ftell(file);
  char *text = size < 0 ? NULL : malloc((size_t)size + 1);
  rewind(file);
  if (text == NULL || fread(text, 1, (size_t)size, file) != (size_t)size) return NULL;
  fclose(file);
  text[size] = 0;
  *length = (size_t)size;
  return text;
}

static int fail(JSContext *context) {
  JSValue error = JS_GetException(context);
  printf("exception: %s\n%s\n", JS_ToCString(context, error), JS_ToCString(context, JS_GetPropertyStr(context, error, "stack")));
  return 1;
}

/* Runs jobs and timers until there are none. */
static int run_to_end(JSRuntime *runtime, JSContext *context, JSValueConst turn) {
  for (;;) {
    JSContext *other = NULL;
    int result = JS_ExecutePendingJob(runtime, &other);
    if (result < 0) return fail(other);
    if (result > 0) continue;
    JSValue more = JS_Call(context, turn, JS_UNDEFINED, 0, NULL);
    if (JS_IsException(more)) return fail(context);
    if (!JS_ToBool(context, more)) return 0;
  }
}

int main(int count, char **values) {
  size_t length = 0;
  char *text = count == 2 ? read_file(values[1], &length) : NULL;
  if (text == NULL) return 2;
  JSRuntime *runtime = JS_NewRuntime();
  JS_SetMaxStackSize(runtime, 4 << 20);
  JS_SetCanBlock(runtime, 1);
  JSContext *context = JS_NewContext(runtime);
  JSValue global = JS_GetGlobalObject(context);
  JS_SetPropertyStr(context, global, "print", JS_NewCFunction(context, print, "print", 1));
  JS_SetPropertyStr(context, global, "processorMs", JS_NewCFunction(context, processor_ms, "processorMs", 0));
  JSValue loaded = JS_Eval(context, text, length, values[1], JS_EVAL_TYPE_MODULE);
  if (JS_IsException(loaded)) return fail(context);
  JSContext *other = NULL;
  while (JS_ExecutePendingJob(runtime, &other) > 0) continue;
  if (JS_PromiseState(context, loaded) == JS_PROMISE_REJECTED) {
    JS_Throw(context, JS_PromiseResult(context, loaded));
    return fail(context);
  }
  JSValue turn = JS_GetPropertyStr(context, global, "runTurn");
  if (!JS_IsFunction(context, turn)) return 2;
  if (run_to_end(runtime, context, turn) != 0) return 1;
  JSValue passed = JS_GetPropertyStr(context, global, "hasPassed");
  return JS_ToBool(context, passed) ? 0 : 1;
}
