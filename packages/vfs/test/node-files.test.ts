import { execFileSync, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { describe, expect, it } from 'vitest'
import { defaultEnvironment, defaultVfs, NodeVfs } from '../src/index.js'
import { fixture, LIBRARY, runLines, scratchDirectory } from './child.js'
import { expectCode } from './vfs-conformance.js'

const vfs = new NodeVfs()
const unix = process.platform !== 'win32'
/** Mounts a file system of 128 KiB, as root or as one in a namespace of its own. */
const MOUNT = 'mount -t tmpfs -o size=128k,mode=700 none "$1"'
const inNamespace = spawnSync('unshare', ['-rm', 'true']).status === 0

describe('files of the operating system', () => {
  it.runIf(unix)('are for their owner only', () => {
    using directory = scratchDirectory()
    vfs.open(`${directory.path}/file`, 'create').close()
    vfs.makeDirectory(`${directory.path}/inner`)
    expect(fs.statSync(`${directory.path}/file`).mode & 0o777).toBe(0o600)
    expect(fs.statSync(`${directory.path}/inner`).mode & 0o777).toBe(0o700)
  })

  it.runIf(unix)('are not opened through a link', () => {
    using directory = scratchDirectory()
    fs.writeFileSync(`${directory.path}/real`, 'x')
    fs.symlinkSync('real', `${directory.path}/link`)
    fs.symlinkSync('absent', `${directory.path}/dangling`)
    for (const mode of ['read', 'write', 'create'] as const) {
      expectCode('LDB_IO', () => vfs.open(`${directory.path}/link`, mode))
      expectCode('LDB_IO', () => vfs.open(`${directory.path}/dangling`, mode))
    }
    expect(vfs.status(`${directory.path}/link`)?.kind).toBe('other')
    expect(fs.existsSync(`${directory.path}/absent`)).toBe(false)
  })

  it.runIf(unix)('are regular ones; a pipe without a writer keeps nobody waiting', () => {
    using directory = scratchDirectory()
    execFileSync('mkfifo', [`${directory.path}/pipe`])
    for (const mode of ['read', 'write', 'create'] as const) {
      expectCode('LDB_IO', () => vfs.open(`${directory.path}/pipe`, mode))
      expectCode('LDB_IO', () => vfs.open('/dev/null', mode))
    }
  })

  it('have one identity under each of their names', () => {
    using directory = scratchDirectory()
    fs.writeFileSync(`${directory.path}/one`, 'x')
    fs.linkSync(`${directory.path}/one`, `${directory.path}/two`)
    const identity = vfs.status(`${directory.path}/one`)?.identity
    expect(identity).toMatch(/^\d+:\d+$/)
    expect(vfs.status(`${directory.path}/two`)?.identity).toBe(identity)
  })

  it('answer a close that fails', () => {
    using directory = scratchDirectory()
    const file = vfs.open(`${directory.path}/file`, 'create')
    closeBehindItsBack(`${directory.path}/file`)
    expect(expectCode('LDB_IO', () => file.close())).toMatchObject({
      details: { operation: 'close', errno: 'EBADF' },
    })
  })

  it('are the default here, with the environment of the machine', () => {
    expect(defaultVfs()).toBeInstanceOf(NodeVfs)
    const { clock, random } = defaultEnvironment()
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(60_000)
    const [one, two] = [random.fill(new Uint8Array(16)), random.fill(new Uint8Array(16))]
    expect([...one]).not.toEqual([...two])
  })

  it('run planned work once, unless it is called off', async () => {
    const { scheduler } = vfs
    const cancelled = scheduler.after(0, () => expect.fail('it was called off'))
    cancelled.cancel()
    const alive = setInterval(() => undefined, 1000)
    await new Promise<void>((resolve) => {
      scheduler.after(1, resolve)
    })
    clearInterval(alive)
  })
})

describe.runIf(unix)('a limit on the size of files', () => {
  const limited = (program: string, args: string): Promise<string[]> =>
    runLines('bash', ['-c', `ulimit -f 8; exec "$0" "$1" ${args}`, process.execPath, fixture(program)])

  it('makes Node report short writes as success', async () => {
    using directory = scratchDirectory()
    const [count] = await limited('short-write-child.mjs', `${directory.path}/file 20000`)
    expect(Number(count)).toBe(8192)
  })

  it.each(['sync', 'async'])('fails a write that does not fit: %s', async (face) => {
    using directory = scratchDirectory()
    const lines = await limited('write-child.mjs', `${LIBRARY} ${directory.path}/file 20000 ${face}`)
    expect(lines).toEqual(['LDB_NO_SPACE EFBIG write 8192'])
  })

  it('gives the space of a failed preallocation back', async () => {
    using directory = scratchDirectory()
    const lines = await limited('write-child.mjs', `${LIBRARY} ${directory.path}/file 20000 preallocate`)
    expect(lines).toEqual(['LDB_NO_SPACE EFBIG write 0'])
  })
})

// Skipped where the system lets nobody mount: that takes root or user namespaces (`unshare -rm`).
describe.runIf(inNamespace)('a file system of its own', () => {
  const inMount = (directory: string, script: string, args: readonly string[]): Promise<string[]> =>
    runLines('unshare', ['-rm', 'bash', '-ec', script, 'bash', directory, process.execPath, ...args])

  it.each(['sync', 'async'])('that is full fails a write: %s', async (face) => {
    using directory = scratchDirectory()
    const script = `${MOUNT}; shift; exec "$@"`
    const args = [fixture('write-child.mjs'), LIBRARY, `${directory.path}/file`, '200000', face]
    expect(await inMount(directory.path, script, args)).toEqual(['LDB_NO_SPACE ENOSPC write 131072'])
  })

  it('that is read-only refuses writes and the lock', async () => {
    using directory = scratchDirectory()
    const script = `${MOUNT}; touch "$1/file"; mount -o remount,ro "$1"; shift; exec "$@"`
    const args = [fixture('read-only-child.mjs'), LIBRARY, directory.path]
    expect(await inMount(directory.path, script, args)).toEqual([
      'create LDB_READ_ONLY',
      'write LDB_READ_ONLY',
      'makeDirectory LDB_READ_ONLY',
      'lock LDB_READ_ONLY',
      'lock LDB_READ_ONLY',
      'view LDB_LOCKED',
      'view wrote 3',
    ])
  })
})

/** Closes the descriptor of an open file, as a bug elsewhere in the process might. */
function closeBehindItsBack(path: string): void {
  const { dev, ino } = fs.statSync(path)
  for (let descriptor = 3; descriptor < 1000; descriptor++) {
    try {
      const status = fs.fstatSync(descriptor)
      if (status.dev !== dev || status.ino !== ino) continue
    } catch {
      continue
    }
    fs.closeSync(descriptor)
    return
  }
}
