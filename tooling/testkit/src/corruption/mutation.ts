import type { Vfs } from '@ldb/vfs'
import { readFile, writeFile } from './directory-image.js'
import type { Golden } from './golden.js'

/** One kind of damage to the files of a closed database. */
export interface Mutation {
  /** Description for messages. */
  readonly name: string
  readonly path: string
  /** Byte range of the file that may have changed. */
  readonly start: number
  readonly end: number
  /** Exactly one byte has changed. */
  readonly isFlip: boolean
  apply(vfs: Vfs): void
  /** Restores the original files. */
  undo(vfs: Vfs): void
}

const PAGE_BYTES = 8192
const SECTOR_BYTES = 512
/** Eight single-bit flips, all zeros, all ones, and an increment. */
const FLIPS_PER_BYTE = 11
const STRIDE = 1_000_003

/** The mutations of a golden database, addressed by number. */
export class Mutations {
  /** Number of single-byte changes. */
  readonly flipCount: number
  /** Number of truncations. */
  readonly cutCount: number
  /** Changes of sectors, pages and whole files. */
  readonly structured: readonly Mutation[]
  readonly #files: readonly (readonly [path: string, bytes: Uint8Array])[]
  readonly #totalBytes: number

  constructor(golden: Golden) {
    this.#files = [...golden.image.files]
    this.#totalBytes = this.#files.reduce((sum, [, bytes]) => sum + bytes.length, 0)
    this.flipCount = this.#totalBytes * FLIPS_PER_BYTE
    this.cutCount = this.#totalBytes
    this.structured = [
      ...this.#files.flatMap(([path, bytes]) => sectors(path, bytes)),
      ...this.#files.flatMap(([path, bytes]) => pageSwaps(path, bytes)),
      ...replacements(golden, golden.older, 'its older version'),
      ...replacements(golden, golden.other, 'that of another database'),
      ...this.#files.flatMap(([path, bytes]) => wholeFile(golden, path, bytes)),
    ]
  }

  /** Returns a change of a sector, a page or a file. Consecutive numbers are spread over all files. */
  structuredAt(number: number): Mutation {
    return this.structured[(number * STRIDE) % this.structured.length] as Mutation
  }

  /**
   * Returns a change of one byte, or `undefined` when the byte already has the new value. Even numbers are spread over all bytes,
   * odd ones over all files, because the catalog and the log are small but critical.
   */
  flip(number: number): Mutation | undefined {
    const round = Math.floor(number / 2)
    const spread = round * STRIDE
    const kind = spread % FLIPS_PER_BYTE
    const position = Math.floor((spread % this.flipCount) / FLIPS_PER_BYTE)
    const { path, bytes, offset } = number % 2 === 0 ? this.#byteAt(position) : this.#byteInFile(round)
    const before = bytes[offset] ?? 0
    const after = changedByte(before, kind)
    return after === before
      ? undefined
      : replace(`byte ${offset} from ${before} to ${after}`, path, bytes, offset, new Uint8Array([after]))
  }

  /** Returns a truncation of a file. Numbers are spread as in {@link Mutations.flip}. */
  cut(number: number): Mutation {
    const round = Math.floor(number / 2)
    const position = (round * STRIDE) % this.cutCount
    const { path, bytes, offset } = number % 2 === 0 ? this.#byteAt(position) : this.#byteInFile(round)
    return wholeChange(`truncated to ${offset}`, path, bytes, offset, (vfs) => {
      const file = vfs.open(path, 'write')
      file.truncate(offset)
      file.close()
    })
  }

  #byteInFile(round: number): { path: string; bytes: Uint8Array; offset: number } {
    const files = this.#files.filter(([, bytes]) => bytes.length > 0)
    const [path, bytes] = files[round % files.length] ?? ['', new Uint8Array()]
    return { path, bytes, offset: (Math.floor(round / files.length) * STRIDE) % bytes.length }
  }

  #byteAt(position: number): { path: string; bytes: Uint8Array; offset: number } {
    let offset = position
    for (const [path, bytes] of this.#files) {
      if (offset < bytes.length) return { path, bytes, offset }
      offset -= bytes.length
    }
    throw new RangeError('a position is beyond the last file')
  }
}

function changedByte(byte: number, kind: number): number {
  if (kind < 8) return byte ^ (1 << kind)
  if (kind === 8) return 0
  return kind === 9 ? 255 : (byte + 1) & 255
}

function replace(name: string, path: string, bytes: Uint8Array, start: number, next: Uint8Array): Mutation {
  const end = start + next.length
  return {
    name,
    path,
    start,
    end,
    isFlip: next.length === 1,
    apply: (vfs) => {
      patch(vfs, path, start, next)
    },
    undo: (vfs) => {
      patch(vfs, path, start, bytes.subarray(start, end))
    },
  }
}

function patch(vfs: Vfs, path: string, start: number, bytes: Uint8Array): void {
  const file = vfs.open(path, 'write')
  file.write(bytes, 0, bytes.length, start)
  file.close()
}

function sectors(path: string, bytes: Uint8Array): Mutation[] {
  const all: Mutation[] = []
  for (let start = 0; start < bytes.length; start += SECTOR_BYTES) {
    const length = Math.min(SECTOR_BYTES, bytes.length - start)
    if (bytes.subarray(start, start + length).every((byte) => byte === 0)) continue
    all.push(replace(`sector ${start} zeroed`, path, bytes, start, new Uint8Array(length)))
  }
  return all
}

function pageSwaps(path: string, bytes: Uint8Array): Mutation[] {
  const all: Mutation[] = []
  const count = Math.floor(bytes.length / PAGE_BYTES)
  for (let first = 0; first < count; first++) {
    for (let second = first + 1; second < count; second++) {
      const [a, b] = [pageOf(bytes, first), pageOf(bytes, second)]
      if (sameBytes(a, b)) continue
      const [toFirst, toSecond] = [replaceWith(path, bytes, first, b), replaceWith(path, bytes, second, a)]
      all.push({
        name: `pages ${first} and ${second} swapped`,
        path,
        start: first * PAGE_BYTES,
        end: (second + 1) * PAGE_BYTES,
        isFlip: false,
        apply: (vfs) => {
          toFirst.apply(vfs)
          toSecond.apply(vfs)
        },
        undo: (vfs) => {
          toFirst.undo(vfs)
          toSecond.undo(vfs)
        },
      })
    }
  }
  return all
}

function replaceWith(path: string, bytes: Uint8Array, page: number, content: Uint8Array): Mutation {
  return replace(`page ${page} replaced`, path, bytes, page * PAGE_BYTES, content.slice())
}

/** Replaces each page, each 4 KiB block of the meta region, and each whole file by the bytes of another image. */
function replacements(golden: Golden, other: Golden['image'], source: string): Mutation[] {
  const all: Mutation[] = []
  for (const [path, bytes] of golden.image.files) {
    const theirs = other.files.get(path)
    if (theirs === undefined) continue
    for (let start = 0; start < Math.min(bytes.length, theirs.length); start += PAGE_BYTES / 2) {
      const isWhole = start % PAGE_BYTES === 0
      for (const length of isWhole ? [PAGE_BYTES, PAGE_BYTES / 2] : [PAGE_BYTES / 2]) {
        const content = theirs.slice(start, Math.min(start + length, bytes.length))
        if (sameBytes(content, bytes.subarray(start, start + content.length))) continue
        all.push(
          replace(`${content.length} bytes at ${start} replaced by ${source}`, path, bytes, start, content),
        )
      }
    }
    if (sameBytes(theirs, bytes)) continue
    const swap = wholeChange(`the whole file replaced by ${source}`, path, bytes, 0, (vfs) => {
      writeFile(vfs, path, theirs)
    })
    all.push(swap)
  }
  return all
}

/** Changes of a whole file: extension, removal, replacement by a directory, copies. */
function wholeFile(golden: Golden, path: string, bytes: Uint8Array): Mutation[] {
  const longer = (count: number, byte: number): Mutation =>
    wholeChange(`extended by ${count} bytes of ${byte}`, path, bytes, bytes.length, (vfs) => {
      patch(vfs, path, bytes.length, new Uint8Array(count).fill(byte))
    })
  const twice = wholeChange('extended by a copy of itself', path, bytes, bytes.length, (vfs) => {
    patch(vfs, path, bytes.length, bytes)
  })
  const removed = wholeChange('removed', path, bytes, 0, (vfs) => {
    vfs.remove(path)
  })
  const directory = wholeChange('replaced by a directory', path, bytes, 0, (vfs) => {
    vfs.remove(path)
    vfs.makeDirectory(path)
  })
  const free = copyNames(path).filter((copy) => !golden.image.files.has(copy))
  const copies = free.map((copy): Mutation => duplicate(path, bytes, copy))
  return [longer(1, 255), longer(512, 0), longer(PAGE_BYTES, 165), twice, removed, directory, ...copies]
}

/** Returns names for copies of a file, including names that the formats assign a meaning to. */
function copyNames(path: string): string[] {
  const names = [`${path}.bak`, `${path}.new`]
  const segment = /^(.*\/)(\d{10})\.wal$/.exec(path)
  if (segment === null) return names
  const number = Number(segment[2])
  const other = (next: number): string => `${segment[1] ?? ''}${String(next).padStart(10, '0')}.wal`
  return [...names, other(number + 1), other(number + 7), ...(number > 1 ? [other(number - 1)] : [])]
}

function duplicate(path: string, bytes: Uint8Array, copy: string): Mutation {
  return {
    name: `copied as ${copy}`,
    path,
    start: bytes.length,
    end: bytes.length,
    isFlip: false,
    apply: (vfs) => {
      writeFile(vfs, copy, readFile(vfs, path))
    },
    undo: (vfs) => {
      vfs.remove(copy)
    },
  }
}

/** Returns a change that is undone by rewriting the whole file. */
function wholeChange(
  name: string,
  path: string,
  bytes: Uint8Array,
  start: number,
  apply: (vfs: Vfs) => void,
): Mutation {
  return {
    name,
    path,
    start,
    end: Math.max(bytes.length, start),
    isFlip: false,
    apply,
    undo: (vfs) => {
      if (vfs.status(path)?.kind === 'directory') vfs.removeDirectory(path)
      writeFile(vfs, path, bytes)
    },
  }
}

function pageOf(bytes: Uint8Array, page: number): Uint8Array {
  return bytes.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES)
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
