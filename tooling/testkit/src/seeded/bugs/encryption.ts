import type { SeededBug } from './seeded-bug.js'

const area = 'core'
const SIMULATED = 'tooling/testkit/test/encryption.test.ts'
const KEYS = 'packages/core/src/encryption.test.ts'
const DATA_KEYS = 'packages/integrity/src/cipher/data-keys.test.ts'
const VERIFY_KEYS = 'packages/core/test/verify-keys.test.ts'

/** Bugs of encryption and of keys. */
export const ENCRYPTION_BUGS: readonly SeededBug[] = [
  {
    name: 'nonce-reused',
    area,
    rows: [45],
    effect: 'the pool of nonces returns its first bytes again and again',
    file: 'packages/integrity/src/cipher/nonce-pool.ts',
    find: 'target[at] = this.#bytes[this.#used++]!',
    replace: 'target[at] = this.#bytes[this.#used + at - start]!',
    suite: SIMULATED,
    test: 'are never used twice with a key',
  },
  {
    name: 'position-not-authenticated',
    area,
    rows: [21],
    effect: 'the associated data lack the position: a unit authenticates in the place of another one',
    file: 'packages/integrity/src/cipher/file-cipher.ts',
    find: '    writeU64(this.#associated, ASSOCIATED_POSITION_OFFSET, position)\n',
    replace: '',
    suite: DATA_KEYS,
    test: 'a unit is bound to its kind, position, epoch, file',
  },
  {
    name: 'authentication-ignored',
    area,
    rows: [21],
    effect: 'a tag that does not match is accepted',
    file: 'packages/integrity/src/cipher/cipher-node.ts',
    find: '  } catch {\n    return undefined\n  }\n  return plain',
    replace: '  } catch {\n    return plain\n  }\n  return plain',
    suite: 'packages/integrity/src/cipher/cipher.test.ts',
    test: 'a changed bit of a ciphertext, tag, nonce or associated data is refused',
  },
  {
    name: 'master-key-check-skipped',
    area,
    rows: [45],
    effect: 'a wrong key is reported as damage',
    file: 'packages/core/src/encryption/key-file.ts',
    find: 'if (!equalBytes(masterCheckOf(wrapping.masterKey, databaseId), check)) {',
    replace: 'if (check.length === 0) {',
    suite: KEYS,
    test: 'a wrong, a missing and a needless key are LDB_KEY',
  },
  {
    name: 'rotated-key-file-not-renamed',
    area,
    rows: [9],
    effect: 'the old key is still the one of the file after a rotation',
    file: 'packages/core/src/encryption/database-keys.ts',
    find: '      vfs.rename(temporary, `${directory}/${KEYS_NAME}`)\n',
    replace: '      vfs.status(temporary)\n',
    suite: KEYS,
    test: 'a rotated key is the only one',
  },
  {
    name: 'rotated-key-file-not-durable',
    area,
    rows: [6],
    effect: 'units are encrypted with a data key that a crash may take back',
    file: 'packages/core/src/encryption/database-keys.ts',
    find: '      vfs.syncDirectory(directory)\n',
    replace: '',
    suite: SIMULATED,
    test: 'leaves one of the two secrets valid',
  },
  {
    name: 'key-file-slot-not-verified',
    area,
    rows: [19],
    effect: 'verify reads the first slot of the key file only',
    file: 'packages/core/src/verification/key-part.ts',
    find: 'const SLOTS = [0, KEYS_SLOT_BYTES]',
    replace: 'const SLOTS = [0]',
    suite: VERIFY_KEYS,
    test: 'with a changed bit in the slot at 8192 opens, and verify finds it',
  },
  {
    name: 'open-blob-header-not-verified',
    area,
    rows: [19],
    effect: 'verify does not read the header of a blob file that is open',
    file: 'packages/blob/src/blob-files.ts',
    find: '    this.#sources.get(number)?.opened?.checkFront()\n',
    replace: '    this.#sources.get(number)\n',
    suite: 'packages/core/test/verify-open-files.test.ts',
    test: 'every byte of the header of a blob file is read again, compacted: false',
  },
]
