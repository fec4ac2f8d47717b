// Archives: "Archives" of FORMAT.md of packages/core.
import { ByteView, concatBytes } from '../bytes/byte-view.js'
import { readFileHeader, seedOfFile } from '../bytes/file-header.js'
import { requireKnown, requireSound } from '../bytes/format-error.js'
import { xxHash64 } from '../bytes/xx-hash64.js'
import { readCatalog } from '../database/catalog.js'
import type { Catalog } from '../database/catalog.js'
import { fileAt } from '../database/stores.js'
import type { Files } from '../database/stores.js'
import { requireSort } from '../encryption/data-keys.js'
import type { DataKeys } from '../encryption/data-keys.js'
import { commitCipher, openedPayload } from './commits.js'
import type { CopiedCommit } from './commits.js'

const HEADER_BYTES = 88
const FRAME_BYTES = 32
const TYPES = { catalog: 3, timeMark: 4, blobBytes: 16 } as const

/** What the archive of a branch contains. */
export interface Archive {
  readonly catalogs: readonly Catalog[]
  /** Milliseconds since 1970. */
  readonly timeMarks: readonly number[]
  readonly commits: readonly CopiedCommit[]
  /** Writes the bytes of blob files to `blobs/n.blob`. */
  readonly applyBlobs: (files: Map<string, Uint8Array>) => void
}

/** Reads the archive of a branch. Keys of `files` are names in its directory. */
export function readArchive(files: Files, databaseId: string, branchId: string, keys?: DataKeys): Archive {
  const names = [...files.keys()].filter((name) => /^\d{16}\.archive$/.test(name)).sort()
  const catalogs: Catalog[] = []
  const timeMarks: number[] = []
  const commits: CopiedCommit[] = []
  const blobs: ByteView[] = []
  for (const name of names) {
    const frames = readFrames(fileAt(files, name), Number(name.slice(0, 16)), databaseId, branchId, keys)
    requireSound(frames[0]?.type === TYPES.catalog, 'an archive file does not begin with a catalog')
    for (const { type, seq, payload } of frames) {
      if (type === TYPES.catalog) catalogs.push(readCatalog(payload))
      else if (type === TYPES.timeMark) timeMarks.push(new ByteView(payload).u64(0))
      else if (type === TYPES.blobBytes) blobs.push(new ByteView(payload))
      else {
        requireSound([0, 1, 6, 7].includes(type), `frame of type ${type}`)
        const next = (commits.at(-1)?.seq ?? seq - 1) + 1
        requireSound(seq <= next, 'a commit of an archive is missing')
        if (seq === next) commits.push({ type, seq, payload })
      }
    }
  }
  const applyBlobs = (target: Map<string, Uint8Array>): void => {
    for (const bytes of blobs) {
      const path = `blobs/${bytes.u64(0)}.blob`
      target.set(
        path,
        patched(target.get(path) ?? new Uint8Array(), bytes.u64(8), bytes.slice(16, bytes.length)),
      )
    }
  }
  return { catalogs, timeMarks, commits, applyBlobs }
}

function patched(file: Uint8Array, offset: number, bytes: Uint8Array): Uint8Array {
  const gap = new Uint8Array(Math.max(0, offset + bytes.length - file.length))
  const whole = concatBytes(file, gap)
  whole.set(bytes, offset)
  return whole
}

/** Reads the frames of a file up to the first one that is not good, which no good one follows. */
function readFrames(
  bytes: Uint8Array,
  firstSeq: number,
  databaseId: string,
  branchId: string,
  keys: DataKeys | undefined,
): CopiedCommit[] {
  const view = new ByteView(bytes)
  const { flags } = readFileHeader(view, 'L', 1)
  requireKnown(flags <= 1, 'flags of an archive file')
  requireSort(flags === 1, keys, 'an archive file')
  requireSound(view.checksum(24) === xxHash64(view.slice(32, HEADER_BYTES), 0n), 'header of an archive file')
  requireSound(view.hex(48, 64) === databaseId && view.hex(64, 80) === branchId, 'archive of another branch')
  requireSound(view.u64(80) === firstSeq - 1, 'name of an archive file')
  const seed = seedOfFile(view.slice(32, 48))
  const cipher = commitCipher(keys, view.slice(64, 80))
  const frames: CopiedCommit[] = []
  let at = HEADER_BYTES
  for (let end = goodFrameEnd(view, at, seed); end > 0; end = goodFrameEnd(view, at, seed)) {
    const [type, seq] = [view.u8(at + 28), view.u64(at + 16)]
    frames.push({ type, seq, payload: openedPayload(cipher, type, seq, view.slice(at + FRAME_BYTES, end)) })
    at = end
  }
  for (let later = at + 1; later + FRAME_BYTES <= view.length; later += 1) {
    requireSound(goodFrameEnd(view, later, seed) === 0, 'an archive file is damaged before its end')
  }
  return frames
}

/** Returns the end of a frame; 0 when it is not good. */
function goodFrameEnd(view: ByteView, at: number, seed: bigint): number {
  if (at + FRAME_BYTES > view.length || view.checksum(at + 8) !== BigInt(at)) return 0
  const end = at + FRAME_BYTES + view.u32(at + 24)
  if (end > view.length || !view.isZero(at + 29, at + FRAME_BYTES)) return 0
  return view.checksum(at) === xxHash64(view.slice(at + 8, end), seed) ? end : 0
}
