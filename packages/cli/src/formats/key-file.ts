import type { ByteSource } from '../fields/byte-source.js'
import { hashOf, hexOf64, SEED_ZERO, verdict } from '../fields/checksum.js'
import type { DumpLines } from '../fields/dump-line.js'
import { dumpHeader } from '../fields/file-header.js'
import { bigintOf, dumpTable, readTable, tableBytes } from '../fields/format-table.js'
import { CORE_TABLES } from '../tables/core.js'

const SLOT_BYTES = 8192
const KEY_BYTES = 32
const TAG_BYTES = 16
/** A key file has at most so many keys: more are damage, and not read. */
const KEY_COUNT_MAX = 64

/** Yields the fields of a key file: two slots. The data keys in it are encrypted, and are not shown. */
export function* dumpKeyFile(source: ByteSource): DumpLines {
  for (const [index, at] of [0, SLOT_BYTES].entries()) {
    yield { title: `slot ${index + 1}` }
    yield* dumpHeader(source, at)
    yield { title: 'key file' }
    yield* dumpTable(source, CORE_TABLES['Key file'], at, {
      derivation: (derivation) => (derivation === 1 ? 'a key' : 'a passphrase'),
    })
    const fields = readTable(source, CORE_TABLES['Key file'], at)
    const count = Math.min(fields?.['keyCount'] ?? 0, KEY_COUNT_MAX)
    let entry = at + tableBytes(CORE_TABLES['Key file'])
    for (let key = 0; key < count; key++, entry += tableBytes(CORE_TABLES['Key entry'])) {
      yield { title: `key entry ${key + 1} of ${count}` }
      yield* dumpTable(source, CORE_TABLES['Key entry'], entry)
    }
    yield { note: `${count * KEY_BYTES} bytes of encrypted data keys at ${entry} are not shown.` }
    const tagAt = entry + count * KEY_BYTES
    yield { offset: tagAt, bytes: source.read(tagAt, TAG_BYTES), field: 'tag', value: '' }
    const end = at + SLOT_BYTES - 8
    const stored = bigintOf(source.read(end, 8))
    yield {
      offset: end,
      bytes: source.read(end, 8),
      field: 'checksum',
      value: `${hexOf64(stored)}  ${verdict(stored, hashOf(source.read(at, SLOT_BYTES - 8), SEED_ZERO))}`,
    }
  }
}
