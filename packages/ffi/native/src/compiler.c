/* compiler.c: compiles the bundle to bytecode, at build time. */
#include <stdio.h>
#include <stdlib.h>

#include "quickjs.h"

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

int main(int count, char **values) {
  size_t length = 0, size = 0;
  char *text = count == 3 ? read_file(values[1], &length) : NULL;
  if (text == NULL) return 2;
  JSContext *context = JS_NewContext(JS_NewRuntime());
  /* Names in the minified bundle say nothing, and their positions take a third of the bytecode. */
  JS_SetStripInfo(JS_GetRuntime(context), JS_STRIP_DEBUG);
  JSValue code = JS_Eval(context, text, length, "ldb.js", JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
  if (JS_IsException(code)) {
    fprintf(stderr, "%s\n", JS_ToCString(context, JS_GetException(context)));
    return 1;
  }
  uint8_t *bytes = JS_WriteObject(context, &size, code, JS_WRITE_OBJ_BYTECODE);
  FILE *file = fopen(values[2], "wb");
  if (bytes == NULL || file == NULL || fwrite(bytes, 1, size, file) != size) return 1;
  return fclose(file) == 0 ? 0 : 1;
}
