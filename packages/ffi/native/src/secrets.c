/* secrets.c: keys and passphrases of callers. */
#include "secrets.h"

#include <string.h>

int32_t ldb_check_secret(const ldb_secret *secret, ldb_secret *checked) {
  memset(checked, 0, sizeof *checked);
  if (secret == NULL) return LDB_OK;
  if (!ldb_copy_options(checked, sizeof *checked, secret)) return ldb_fail(LDB_INVALID_ARGUMENT, "size of the secret");
  if (checked->key != NULL && checked->passphrase != NULL) return ldb_fail(LDB_INVALID_ARGUMENT, "both a key and a passphrase");
  if (checked->key != NULL && checked->key_bytes != 32) return ldb_fail(LDB_INVALID_ARGUMENT, "a key has 32 bytes");
  if (checked->key == NULL) {
    checked->key = checked->passphrase;
    checked->key_bytes = checked->passphrase == NULL ? 0 : strlen(checked->passphrase);
  }
  return LDB_OK;
}

double ldb_secret_kind(const ldb_secret *secret) { return secret->passphrase != NULL ? 2 : secret->key != NULL ? 1 : 0; }

void ldb_wipe_secret(struct ldb_engine *engine, size_t offset, const ldb_secret *secret) {
  struct ldb_bytes arena = ldb_engine_arena(engine);
  if (offset + secret->key_bytes <= arena.length) memset(arena.start + offset, 0, secret->key_bytes);
}
