/* secrets.h: keys and passphrases of callers. */
#ifndef LDB_SECRETS_H
#define LDB_SECRETS_H

#include "core.h"

/* Checks a secret, which may be NULL. Afterwards `key` and `key_bytes` are those of the key or of the passphrase. */
int32_t ldb_check_secret(const ldb_secret *secret, ldb_secret *checked);
/* Returns the kind of a checked secret, as the bundle numbers them. */
double ldb_secret_kind(const ldb_secret *secret);
/* Overwrites the secret in the arena. */
void ldb_wipe_secret(struct ldb_engine *engine, size_t offset, const ldb_secret *secret);

#endif
