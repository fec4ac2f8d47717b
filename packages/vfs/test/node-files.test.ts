import { execFileSync, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { describe, expect, it } from 'vitest'
import { defaultEnvironment, defaultVfs, NodeVfs } from '../src/index.js'
import { fixture, LIBRARY, runLines, scratchDirectory } from './child.js'
import { expectCode } from './conformance/subject.js'

const vfs = new NodeVfs()
const unix = process.platform !== 'win32'
/** Mounts a file system of 128 KiB; needs root or a user namespace. */
const MOUNT = 'mount -t tmpfs -o size=128k,mode=700 none "$1"'
const inNamespace = spawnSync('unshare', ['-rm', 'true']).status === 0

describe('NodeVfs', () => {
  it.runIf(unix)('creates files with mode 0600 and directories with mode 0700', () => {
    using directory = scratchDirectory()
    vfs.open(`${directory.path}/file`, 'create').close()
    vfs.makeDirectory(`${directory.path}/inner`)
    expect(fs.statSync(`${directory.path}/file`).mode & 0o777).toBe(0o600)
    expect(fs.statSync(`${directory.path}/inner`).mode & 0o777).toBe(0o700)
  })

  it.runIf(unix)('does not open, link or copy a symbolic link', () => {
    using directory = scratchDirectory()
    fs.writeFileSync(`${directory.path}/real`, 'x')
    fs.symlinkSync('real', `${directory.path}/link`)
    fs.symlinkSync('absent', `${directory.path}/dangling`)
    for (const mode of ['read', 'write', 'create'] as const) {
      expectCode('LDB_IO', () => vfs.open(`${directory.path}/link`, mode))
      expectCode('LDB_IO', () => vfs.open(`${directory.path}/dangling`, mode))
    }
    expectCode('LDB_IO', () => vfs.link(`${directory.path}/link`, `${directory.path}/target`))
    expectCode('LDB_IO', () => vfs.copy(`${directory.path}/link`, `${directory.path}/target`))
    expect(fs.readdirSync(directory.path).sort()).toEqual(['dangling', 'link', 'real'])
    expect(vfs.status(`${directory.path}/link`)?.kind).toBe('other')
    expect(fs.existsSync(`${directory.path}/absent`)).toBe(false)
  })

  it.runIf(unix)('opens and copies regular files only, and does not block on a pipe', () => {
    using directory = scratchDirectory()
    execFileSync('mkfifo', [`${directory.path}/pipe`])
    expectCode('LDB_IO', () => vfs.copy(`${directory.path}/pipe`, `${directory.path}/target`))
    for (const mode of ['read', 'write', 'create'] as const) {
      expectCode('LDB_IO', () => vfs.open(`${directory.path}/pipe`, mode))
      expectCode('LDB_IO', () => vfs.open('/dev/null', mode))
    }
  })

  it('reports the same identity for every hard link', () => {
    using directory = scratchDirectory()
    fs.writeFileSync(`${directory.path}/one`, 'x')
    fs.linkSync(`${directory.path}/one`, `${directory.path}/two`)
    const identity = vfs.status(`${directory.path}/one`)?.identity
    expect(identity).toMatch(/^\d+:\d+$/)
    expect(vfs.status(`${directory.path}/two`)?.identity).toBe(identity)
  })

  it('reports a failed close', () => {
    using directory = scratchDirectory()
    const file = vfs.open(`${directory.path}/file`, 'create')
    closeDescriptorOf(`${directory.path}/file`)
    expect(expectCode('LDB_IO', () => file.close())).toMatchObject({
      details: { operation: 'close', errno: 'EBADF' },
    })
  })

  it('is the default on Node, with the clock and randomness of the operating system', () => {
    expect(defaultVfs()).toBeInstanceOf(NodeVfs)
    const { clock, random } = defaultEnvironment()
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(60_000)
    const [one, two] = [random.fill(new Uint8Array(16)), random.fill(new Uint8Array(16))]
    expect([...one]).not.toEqual([...two])
  })

  it('runs a scheduled task once, unless it is cancelled', async () => {
    const { scheduler } = vfs
    const cancelled = scheduler.after(0, () => expect.fail('the task was cancelled'))
    cancelled.cancel()
    const alive = setInterval(() => undefined, 1000)
    await new Promise<void>((resolve) => {
      scheduler.after(1, resolve)
    })
    clearInterval(alive)
  })
})

describe.runIf(unix)('a limit on the file size', () => {
  const limited = (program: string, args: string): Promise<string[]> =>
    runLines('bash', ['-c', `ulimit -f 8; exec "$0" "$1" ${args}`, process.execPath, fixture(program)])

  it('makes Node report a short write as success', async () => {
    using directory = scratchDirectory()
    const [count] = await limited('short-write-child.mjs', `${directory.path}/file 20000`)
    expect(Number(count)).toBe(8192)
  })

  it.each(['sync', 'async'])('fails a write beyond the limit: %s', async (mode) => {
    using directory = scratchDirectory()
    const lines = await limited('write-child.mjs', `${LIBRARY} ${directory.path}/file 20000 ${mode}`)
    expect(lines).toEqual(['LDB_NO_SPACE EFBIG write 8192'])
  })

  it('a failed preallocation truncates the file', async () => {
    using directory = scratchDirectory()
    const lines = await limited('write-child.mjs', `${LIBRARY} ${directory.path}/file 20000 preallocate`)
    expect(lines).toEqual(['LDB_NO_SPACE EFBIG write 0'])
  })

  it('a failed copy leaves no target', async () => {
    using directory = scratchDirectory()
    fs.writeFileSync(`${directory.path}/source`, new Uint8Array(20_000))
    const args = `${LIBRARY} ${directory.path}/source ${directory.path}/target`
    expect(await limited('copy-child.mjs', args)).toEqual(['LDB_NO_SPACE EFBIG copy absent'])
  })
})

// Skipped on systems that do not permit mounts: they need root or user namespaces (`unshare -rm`).
describe.runIf(inNamespace)('a mounted file system', () => {
  const inMount = (directory: string, script: string, args: readonly string[]): Promise<string[]> =>
    runLines('unshare', ['-rm', 'bash', '-ec', script, 'bash', directory, process.execPath, ...args])

  it.each(['sync', 'async'])('that is full fails a write: %s', async (mode) => {
    using directory = scratchDirectory()
    const script = `${MOUNT}; shift; exec "$@"`
    const args = [fixture('write-child.mjs'), LIBRARY, `${directory.path}/file`, '200000', mode]
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

/** Closes the descriptor of an open file, as a bug elsewhere in the process could. */
function closeDescriptorOf(path: string): void {
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
