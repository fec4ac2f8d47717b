import { Database } from '@ldb/core'
import type { DatabaseOptions } from '@ldb/core'
import { MemoryVfs, OverlayVfs } from '@ldb/vfs'
import { seededRandom } from '../base/test-random.js'
import { assertGuarantee } from '../base/violation.js'
import { captureImage, imageVfs, readFile } from '../corruption/directory-image.js'
import { MemoryFiles } from './memory-files.js'
import { isRefused, wholeOf } from './sweep-target.js'
import type { SweepTarget, TargetFile } from './sweep-target.js'

const SERIES = 'backups'
const ARCHIVE = 'archive'
/** A key file has two equal slots, and the archive another one: damage to one of them is repaired. */
const KEY_FILE_BYTES = 16_384
const TUNING = Symbol.for('ldb.tuning')

/** A backup, its stored blocks, and an archive: a restore to the newest commit needs every byte of them. */
export function backupTarget(seed: number, isEncrypted: boolean): SweepTarget {
  const random = seededRandom(seed)
  const source = new MemoryVfs({ seed })
  const options: DatabaseOptions = {
    cacheBytes: 65_536,
    blobBytes: 300,
    workers: 0,
    engine: seed % 2 === 0 ? 'lsm' : 'btree',
    ...(isEncrypted ? { encryption: { key: new Uint8Array(32).fill(seed) } } : {}),
  }
  const tuning = { preallocateBytes: 0, pageBytes: 512 }
  const open = { ...options, vfs: source, archive: { to: ARCHIVE }, ...{ [TUNING]: tuning } }
  const db = Database.open('data', open)
  const put = (): void => {
    db.put(`key ${random.below(20)}`, `${random.word()} `.repeat(1 + random.below(40)))
  }
  for (let index = 0; index < 8; index++) put()
  db.backup(SERIES)
  for (let index = 0; index < 4; index++) put()
  const { seq } = db
  const content = JSON.stringify(db.entries().toArray())
  db.close()
  const [backups, archive] = [captureImage(source, SERIES), captureImage(source, ARCHIVE)]
  const vfs = imageVfs({
    directories: [...backups.directories, ...archive.directories],
    files: new Map([...backups.files, ...archive.files]),
  })
  const files = new MemoryFiles(vfs)
  const restore = (): void => {
    const target = new OverlayVfs(vfs)
    const { encryption } = options
    const secret = encryption === undefined ? {} : { encryption }
    Database.restore(SERIES, 'restored', { vfs: target, archive: ARCHIVE, until: seq, ...secret })
    const restored = Database.open('restored', { ...options, vfs: target, createIfMissing: false })
    const found = JSON.stringify(restored.entries().toArray())
    restored.close()
    assertGuarantee(found === content, () => 'a restored database has other entries')
  }
  return {
    name: `backup, ${options.engine ?? ''}${isEncrypted ? ', encrypted' : ''}, seed ${seed}`,
    files: [...backups.files.keys(), ...archive.files.keys()]
      .map((path) => fileOf(path, readFile(vfs, path)))
      .filter(({ bytes }) => bytes.length !== KEY_FILE_BYTES),
    patch: (path, bytes, start) => {
      files.patch(path, bytes, start)
    },
    truncate: (path, length) => {
      files.truncate(path, length)
    },
    verify: () => (isRefused(restore) ? [{ file: SERIES, offset: 0 }] : []),
    read: () => isRefused(restore),
    close: () => {
      files.close()
    },
  }
}

function fileOf(path: string, bytes: Uint8Array): TargetFile {
  const flipStep = Math.max(1, Math.ceil(bytes.length / 50))
  const common = { units: [], groups: [], foreign: [], mustReportCuts: true }
  return { ...common, path, bytes, live: wholeOf(bytes), flipStep }
}
