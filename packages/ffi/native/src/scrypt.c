/* scrypt.c: derivation of keys from passphrases (RFC 7914). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

#define DIGEST_BYTES 32
#define BLOCK_BYTES 64
#define BLOCK_WORDS 16

static uint32_t load_word(const uint8_t *bytes) {
  return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void store_word(uint8_t *bytes, uint32_t word) {
  for (int index = 0; index < 4; index++) bytes[index] = (uint8_t)(word >> (8 * index));
}

/* HMAC-SHA256 of the `length` bytes behind the first block of `work`, which has room for a digest behind them; the first block is overwritten. */
static void hmac(const uint8_t key[BLOCK_BYTES], uint8_t *work, size_t length, uint8_t digest[DIGEST_BYTES]) {
  uint8_t outer[BLOCK_BYTES + DIGEST_BYTES];
  for (int index = 0; index < BLOCK_BYTES; index++) {
    work[index] = key[index] ^ 0x36;
    outer[index] = key[index] ^ 0x5c;
  }
  ldb_sha256(work, BLOCK_BYTES + length, outer + BLOCK_BYTES);
  ldb_sha256(outer, sizeof outer, digest);
  explicit_bzero(outer, sizeof outer);
}

/* PBKDF2 with HMAC-SHA256 and one iteration. */
static int derive(struct ldb_bytes password, struct ldb_bytes salt, struct ldb_bytes target) {
  uint8_t key[BLOCK_BYTES] = {0}, digest[DIGEST_BYTES];
  size_t work_bytes = BLOCK_BYTES + salt.length + 4;
  uint8_t *work = malloc(work_bytes);
  if (work == NULL) return -ENOMEM;
  if (password.length > BLOCK_BYTES) ldb_sha256(password.start, password.length, key);
  else if (password.length > 0) memcpy(key, password.start, password.length);
  if (salt.length > 0) memcpy(work + BLOCK_BYTES, salt.start, salt.length);
  for (size_t at = 0, number = 1; at < target.length; at += DIGEST_BYTES, number++) {
    size_t left = target.length - at;
    for (int index = 0; index < 4; index++) work[work_bytes - 4 + (size_t)index] = (uint8_t)(number >> (24 - 8 * index));
    hmac(key, work, salt.length + 4, digest);
    memcpy(target.start + at, digest, left < DIGEST_BYTES ? left : DIGEST_BYTES);
  }
  explicit_bzero(key, sizeof key);
  explicit_bzero(digest, sizeof digest);
  explicit_bzero(work, work_bytes);
  free(work);
  return 0;
}

#define ROTATE(value, bits) ((value) << (bits) | (value) >> (32 - (bits)))
#define QUARTER(a, b, c, d) \
  do { \
    x[b] ^= ROTATE(x[a] + x[d], 7); \
    x[c] ^= ROTATE(x[b] + x[a], 9); \
    x[d] ^= ROTATE(x[c] + x[b], 13); \
    x[a] ^= ROTATE(x[d] + x[c], 18); \
  } while (0)

static void salsa20_8(uint32_t block[BLOCK_WORDS]) {
  uint32_t x[BLOCK_WORDS];
  memcpy(x, block, sizeof x);
  for (int round = 0; round < 8; round += 2) {
    QUARTER(0, 4, 8, 12);
    QUARTER(5, 9, 13, 1);
    QUARTER(10, 14, 2, 6);
    QUARTER(15, 3, 7, 11);
    QUARTER(0, 1, 2, 3);
    QUARTER(5, 6, 7, 4);
    QUARTER(10, 11, 8, 9);
    QUARTER(15, 12, 13, 14);
  }
  for (int index = 0; index < BLOCK_WORDS; index++) block[index] += x[index];
}

/* scryptBlockMix of 2 × `block_size` blocks. */
static void mix_blocks(const uint32_t *source, uint32_t *target, size_t block_size) {
  uint32_t x[BLOCK_WORDS];
  size_t count = 2 * block_size;
  memcpy(x, source + (count - 1) * BLOCK_WORDS, sizeof x);
  for (size_t block = 0; block < count; block++) {
    for (size_t word = 0; word < BLOCK_WORDS; word++) x[word] ^= source[block * BLOCK_WORDS + word];
    salsa20_8(x);
    memcpy(target + (block / 2 + block % 2 * block_size) * BLOCK_WORDS, x, sizeof x);
  }
}

/* scryptROMix of the words at `x`; `y` is of the same length, `memory` of `cost` times that. */
static void mix(uint32_t *x, uint32_t *y, uint32_t *memory, size_t cost, size_t block_size) {
  size_t words = 2 * block_size * BLOCK_WORDS;
  for (size_t step = 0; step < cost; step++) {
    memcpy(memory + step * words, x, words * 4);
    mix_blocks(memory + step * words, x, block_size);
  }
  for (size_t step = 0; step < cost; step++) {
    const uint32_t *other = memory + (x[words - BLOCK_WORDS] & (cost - 1)) * words;
    for (size_t word = 0; word < words; word++) y[word] = x[word] ^ other[word];
    mix_blocks(y, x, block_size);
  }
}

int ldb_scrypt(struct ldb_bytes password, struct ldb_bytes salt, size_t cost, size_t block_size, size_t parallelization, struct ldb_bytes target) {
  if (cost < 2 || (cost & (cost - 1)) != 0 || cost > 1u << 24 || block_size < 1 || block_size > 64 || parallelization < 1 || parallelization > 64)
    return -EINVAL;
  size_t lane_bytes = 128 * block_size, words = lane_bytes / 4;
  struct ldb_bytes lanes = {malloc(lane_bytes * parallelization), lane_bytes * parallelization};
  uint32_t *memory = malloc((cost + 2) * lane_bytes), *x = memory, *y = memory + words;
  int status = lanes.start == NULL || memory == NULL ? -ENOMEM : derive(password, salt, lanes);
  for (size_t lane = 0; status == 0 && lane < parallelization; lane++) {
    uint8_t *bytes = lanes.start + lane * lane_bytes;
    for (size_t word = 0; word < words; word++) x[word] = load_word(bytes + word * 4);
    mix(x, y, memory + 2 * words, cost, block_size);
    for (size_t word = 0; word < words; word++) store_word(bytes + word * 4, x[word]);
  }
  if (status == 0) status = derive(password, lanes, target);
  if (lanes.start != NULL) explicit_bzero(lanes.start, lanes.length);
  if (memory != NULL) explicit_bzero(memory, (cost + 2) * lane_bytes);
  free(lanes.start);
  free(memory);
  return status;
}
