import { MemoryVfs, OverlayVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { verifyWal, Wal } from '../src/index.js'
import { codeOf } from './error-code.js'
import { payloadOf, recordsOf } from './log-content.js'
import { SimulatedVfs } from './simulated-vfs.js'

describe('files in the directory', () => {
  test('other files are left alone and never make open fail', () => {
    const vfs = new MemoryVfs()
    vfs.makeDirectory('log')
    const foreign = [
      '.DS_Store',
      '._0000000001.wal',
      '1.wal',
      '0000000000.wal',
      '00000000x1.wal',
      'a.wal.new',
    ]
    for (const name of foreign) vfs.open(`log/${name}`, 'create').write(new Uint8Array([1]), 0, 1, 0)
    vfs.makeDirectory('log/0000000007.wal')
    const wal = Wal.open(vfs, 'log')
    wal.append(payloadOf(1, 1))
    wal.close()
    expect(vfs.list('log')).toEqual([...foreign, '0000000007.wal', '0000000008.wal'].sort())
    expect(recordsOf(Wal.open(vfs, 'log'))).toHaveLength(1)
  })

  test('segment numbers may have gaps; unfinished segments are removed', () => {
    const vfs = new MemoryVfs()
    Wal.open(vfs, 'log').close({ clean: false })
    vfs.open('log/0000000041.wal.new', 'create').write(new Uint8Array(100), 0, 100, 0)
    const wal = Wal.open(vfs, 'log')
    expect(vfs.list('log')).toEqual(['0000000001.wal', '0000000042.wal'])
    wal.append(payloadOf(1, 1))
    wal.close()
    expect(recordsOf(Wal.open(vfs, 'log'))).toHaveLength(1)
  })

  test('a missing log is LDB_NOT_FOUND, or LDB_CORRUPTION when it must exist', () => {
    const vfs = new MemoryVfs()
    expect(codeOf(() => Wal.open(vfs, 'log', { create: false }))).toBe('LDB_NOT_FOUND')
    expect(codeOf(() => Wal.open(vfs, 'log', { mustExist: true }))).toBe('LDB_CORRUPTION')
    vfs.makeDirectory('log')
    expect(codeOf(() => Wal.open(vfs, 'log', { create: false }))).toBe('LDB_NOT_FOUND')
    expect(codeOf(() => Wal.open(vfs, 'log', { mustExist: true }))).toBe('LDB_CORRUPTION')
    expect(vfs.list('log')).toEqual([])
    vfs.open('file', 'create')
    expect(codeOf(() => Wal.open(vfs, 'file'))).toBe('LDB_FORMAT')
  })

  test('a log or a segment of another owner is refused', () => {
    const [mine, theirs] = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)]
    const makeLog = (ownerId: Uint8Array | undefined): MemoryVfs => {
      const vfs = new MemoryVfs()
      const wal = Wal.open(vfs, 'log', ownerId === undefined ? {} : { ownerId })
      wal.append(payloadOf(1, 10))
      wal.rotate()
      wal.append(payloadOf(2, 10))
      wal.close()
      return vfs
    }
    const vfs = makeLog(mine)
    const wal = Wal.open(vfs, 'log', { ownerId: mine })
    expect(recordsOf(wal)).toHaveLength(2)
    // Later segments have the same owner.
    wal.append(payloadOf(3, 10))
    wal.close({ clean: false })
    expect(recordsOf(Wal.open(vfs, 'log', { ownerId: mine }))).toHaveLength(2)
    for (const foreign of [vfs, makeLog(undefined)]) {
      expect(codeOf(() => Wal.open(foreign, 'log', { ownerId: theirs }))).toBe('LDB_CORRUPTION')
    }
    const messages: string[] = []
    const sink = { finding: ({ file }: { file: string }) => messages.push(file), progress: () => {} }
    verifyWal(vfs, 'log', sink, undefined, theirs)
    expect(new Set(messages).size).toBe(vfs.list('log').length)
    // Without an owner id, open accepts any owner and keeps it.
    Wal.open(vfs, 'log').close()
    expect(codeOf(() => Wal.open(vfs, 'log', { ownerId: theirs }))).toBe('LDB_CORRUPTION')
    expect(codeOf(() => Wal.open(vfs, 'log', { ownerId: new Uint8Array(3) }))).toBe('LDB_INVALID_ARGUMENT')
  })

  test('a log that was left open is recovered over an overlay without a change of the files below', () => {
    const vfs = new MemoryVfs()
    const wal = Wal.open(vfs, 'log')
    wal.append(payloadOf(1, 10))
    wal.sync()
    wal.close({ clean: false })
    const path = 'log/0000000001.wal'
    const bytesOf = (): Uint8Array => {
      const file = vfs.open(path, 'read')
      const bytes = new Uint8Array(file.length())
      file.read(bytes, 0, bytes.length, 0)
      return bytes
    }
    const before = bytesOf()
    const overlaid = Wal.open(new OverlayVfs(vfs), 'log')
    expect(recordsOf(overlaid)).toHaveLength(1)
    overlaid.append(payloadOf(2, 10))
    overlaid.close()
    expect(vfs.list('log')).toEqual(['0000000001.wal'])
    expect(bytesOf()).toEqual(before)
  })
})

describe('broken segment chain', () => {
  function threeSegments(): { vfs: SimulatedVfs; paths: string[] } {
    const vfs = new SimulatedVfs()
    const wal = Wal.open(vfs, 'log')
    for (let index = 0; index < 3; index++) {
      wal.append(payloadOf(index, 100))
      if (index < 2) wal.rotate()
    }
    wal.sync()
    wal.close({ clean: false })
    return { vfs, paths: [1, 2, 3].map((number) => `log/000000000${number}.wal`) }
  }

  test('a missing segment is detected unless it is the oldest', () => {
    for (const missing of [1, 2]) {
      const { vfs, paths } = threeSegments()
      vfs.deleteContent(paths[missing]!)
      expect(codeOf(() => Wal.open(vfs, 'log'))).toBe('LDB_CORRUPTION')
      const kinds: string[] = []
      verifyWal(vfs, 'log', { finding: (finding) => kinds.push(finding.kind), progress: () => {} })
      expect(kinds).toContain('missing')
    }
  })

  test('swapped, renamed, repeated and foreign segments are detected', () => {
    const { vfs, paths } = threeSegments()
    const [first, second, third] = paths.map((path) => vfs.content(path).slice())
    const foreign = new SimulatedVfs(7)
    Wal.open(foreign, 'log').close({ clean: false })
    const cases: [string, Uint8Array][][] = [
      [
        [paths[0]!, second!],
        [paths[1]!, first!],
      ],
      [[paths[1]!, first!]],
      [['log/0000000009.wal', third!]],
      [['log/0000000009.wal', foreign.content('log/0000000001.wal')]],
      [[paths[2]!, foreign.content('log/0000000001.wal')]],
    ]
    for (const changes of cases) {
      const copy = new SimulatedVfs()
      copy.directories.add('log')
      for (const path of paths) copy.replaceContent(path, vfs.content(path))
      for (const [path, bytes] of changes) copy.replaceContent(path, bytes)
      expect(codeOf(() => Wal.open(copy, 'log'))).toBe('LDB_CORRUPTION')
    }
  })

  test('a segment of a diverged copy of the same log is detected', () => {
    const origin = new SimulatedVfs()
    let wal = Wal.open(origin, 'log')
    wal.append(payloadOf(1, 100))
    wal.close()
    const [first, other] = [2, 3].map((seed) => {
      const copy = new SimulatedVfs(seed)
      copy.directories.add('log')
      copy.replaceContent('log/0000000001.wal', origin.content('log/0000000001.wal'))
      wal = Wal.open(copy, 'log')
      wal.append(payloadOf(seed, 100))
      wal.close()
      return copy
    })
    const path = 'log/0000000002.wal'
    expect(first!.content(path).length).toBe(other!.content(path).length)
    first!.replaceContent(path, other!.content(path))
    expect(codeOf(() => Wal.open(first!, 'log'))).toBe('LDB_CORRUPTION')
  })

  test('an unknown magic is refused before any write', () => {
    const { vfs, paths } = threeSegments()
    const bytes = vfs.content(paths[2]!)
    bytes[0] = 0x50
    vfs.trace.length = 0
    expect(codeOf(() => Wal.open(vfs, 'log'))).toBe('LDB_FORMAT')
    expect(vfs.trace).toEqual([])
  })
})
