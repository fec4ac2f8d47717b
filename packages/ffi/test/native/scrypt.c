/* scrypt.c: the derivation of keys from passphrases, by the vectors of RFC 7914, section 12. */
#include "../../native/src/digest.c"
#include "../../native/src/scrypt.c"

#include "check.h"

static const char *const hex_digits = "0123456789abcdef";

static void check_vector(const char *password, const char *salt, size_t cost, size_t block_size, size_t parallelization, const char *expected) {
  uint8_t key[64];
  char text[129] = {0};
  struct ldb_bytes password_bytes = {(uint8_t *)(uintptr_t)password, strlen(password)}, salt_bytes = {(uint8_t *)(uintptr_t)salt, strlen(salt)};
  struct ldb_bytes target = {key, sizeof key};
  CHECK(ldb_scrypt(password_bytes, salt_bytes, cost, block_size, parallelization, target) == 0);
  for (int index = 0; index < 64; index++) {
    text[index * 2] = hex_digits[key[index] >> 4];
    text[index * 2 + 1] = hex_digits[key[index] & 15];
  }
  CHECK(strcmp(text, expected) == 0);
}

int main(void) {
  struct ldb_bytes none = {NULL, 0};
  check_vector("", "", 16, 1, 1,
               "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906");
  check_vector("password", "NaCl", 1024, 8, 16,
               "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640");
  check_vector("pleaseletmein", "SodiumChloride", 16384, 8, 1,
               "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887");
  CHECK(ldb_scrypt(none, none, 15, 8, 1, none) == -EINVAL);
  CHECK(ldb_scrypt(none, none, 16, 0, 1, none) == -EINVAL);
  return report();
}
