/* host.h: the groups of host functions. Each returns the result, or the negative number of the error. */
#ifndef LDB_HOST_H
#define LDB_HOST_H

#include "engine.h"

double ldb_host_files(enum ldb_host_function function, const struct ldb_host_arguments *arguments);
double ldb_host_paths(enum ldb_host_function function, const struct ldb_host_arguments *arguments);
double ldb_host_system(enum ldb_host_function function, const struct ldb_host_arguments *arguments);

/* Longest path, with its zero byte. */
#define LDB_PATH_BYTES 4096

/* Copies a path that the arguments hold at `index` into `target`, with a zero byte. Returns 0, or the negative number of an error. */
int ldb_path_of(const struct ldb_host_arguments *arguments, int index, char target[LDB_PATH_BYTES]);
/* Copies text into the typed array at `index`. Returns its length, or the negative number of an error. */
double ldb_text_result(const struct ldb_host_arguments *arguments, int index, const char *text, size_t length);

uint64_t ldb_xxh64(const uint8_t *bytes, size_t length, uint64_t seed);
void ldb_sha256(const uint8_t *bytes, size_t length, uint8_t digest[32]);
/* Derives a key with scrypt, which takes 128 × cost × block_size bytes of memory. Returns 0, or the negative number of an error. */
int ldb_scrypt(struct ldb_bytes password, struct ldb_bytes salt, size_t cost, size_t block_size, size_t parallelization, struct ldb_bytes target);

#endif
