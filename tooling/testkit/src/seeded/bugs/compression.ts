import type { SeededBug } from './seeded-bug.js'

const EXTENTS = 'packages/btree/src/extents/overflow-extents.test.ts'
const VALUES = 'packages/core/test/value-compression.test.ts'

/** Bugs of compressed values in extents and in blob files. */
export const COMPRESSION_BUGS: readonly SeededBug[] = [
  {
    name: 'encoded-extent-copied-as-plain',
    area: 'tree',
    rows: [21],
    effect: 'a compressed value is not marked as such when its extent is moved',
    file: 'packages/btree/src/extents/overflow-extents.ts',
    find: 'this.#write(encodingOf(whole), whole,',
    replace: 'this.#write(PLAIN_CONTENT, whole,',
    suite: EXTENTS,
    test: 'takes fewer pages, and is restored',
  },
  {
    name: 'encoded-extent-in-a-plain-file',
    area: 'tree',
    rows: [12],
    effect: 'an extent with a codec is accepted in a file whose header announces no encoded values',
    file: 'packages/btree/src/extents/encoded-values.ts',
    find: 'const isEncoded = this.#isUsed && ',
    replace: 'const isEncoded = ',
    suite: EXTENTS,
    test: 'its encoding is wrong',
  },
  {
    name: 'encoded-flag-not-written',
    area: 'tree',
    rows: [21],
    effect: 'the header of a tree with compressed values does not announce them',
    file: 'packages/btree/src/checkpoint/checkpoint.ts',
    find: '    hasEncodedValues: pages.encodedValues.isUsed,\n',
    replace: '',
    suite: VALUES,
    test: 'over checkpoints and opens',
  },
  {
    name: 'blob-decoded-length-not-bounded',
    area: 'core',
    rows: [33],
    effect: 'a reference to a compressed value may state any length',
    file: 'packages/blob/src/encoding/value-encoding.ts',
    find: ' && decodedBytes <= ENCODED_VALUE_BYTES_MAX',
    replace: '',
    suite: 'packages/blob/src/encoded-values.test.ts',
    test: 'states a length out of bounds',
  },
  {
    name: 'recovery-decodes-values',
    area: 'core',
    rows: [7],
    effect: 'recovery drops commits whose values need a codec that is passed later',
    file: 'packages/core/src/blob/blob-values.ts',
    find: "      this.#opened().check(bytes, start)\n      return true\n    } catch (error) {\n      if (isLdbError(error, 'LDB_CORRUPTION'))",
    replace:
      '      this.#opened().read(bytes, start)\n      return true\n    } catch (error) {\n      if (isLdbError(error))',
    suite: VALUES,
    test: 'recovery needs none',
  },
]
