// Strategy: containers, as far as the lock can tell: processes in pid, network, mount and host name namespaces of their own, on one
// directory. A container is killed with SIGKILL, which ends every process in it.
// Invariants: while a holder lives, every other opener is refused, from every side; after its end the next open succeeds at once.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { HIDE_FLOCK, LockScripts, reasonToSkip, WITHOUT_FLOCK } from '../../src/outside/lock-scripts.js'
import type { OpenOutcome } from '../../src/outside/lock-scripts.js'
import { ScriptFolder } from '../../src/outside/script-folder.js'
import type { ScriptStart } from '../../src/outside/script-process.js'

const NAMESPACES = ['unshare', '--pid', '--mount', '--uts', '--fork', '--mount-proc', '--kill-child']
/** How a container differs from one that has a network of its own and flock. */
interface ContainerSetUp {
  readonly network?: 'of the host'
  /** Shell commands that run first in the container. */
  readonly setUp?: string
}

/** Returns how a script is started in a new container with this host name. */
function container(name: string, { network, setUp = ':' }: ContainerSetUp = {}): ScriptStart {
  const shell = ['sh', '-ec', `hostname "$0"; ${setUp}; exec "$@"`, name]
  return { through: [...NAMESPACES, ...(network === undefined ? ['--net'] : []), ...shell] }
}

const skipReason = reasonToSkip(container('probe', { setUp: `which flock; ${HIDE_FLOCK}` }).through ?? [])
if (skipReason !== '') console.log(`skipped, without namespaces or flock: ${skipReason}`)

const HOST: ScriptStart = {}
const REFUSED: Partial<OpenOutcome> = { outcome: 'LDB_LOCKED' }
const OPENED: Partial<OpenOutcome> = { outcome: 'opened' }

let folder: ScriptFolder
let scripts: LockScripts
beforeEach(async () => {
  folder = new ScriptFolder()
  scripts = new LockScripts(folder, `${folder.path}/data`)
  await scripts.create()
})
afterEach(() => {
  folder.remove()
})

/** Expects that an opener is refused in both modes, with messages that name the holder. */
async function expectRefused(start: ScriptStart, holder: string): Promise<void> {
  for (const refusal of await scripts.tryBothModes(start)) {
    expect(refusal).toMatchObject(REFUSED)
    expect(refusal.message).toContain(`${holder}, opened for writing`)
    expect(refusal.holder).toContain(holder)
  }
}

describe.skipIf(skipReason !== '')('a database that containers share', () => {
  it('is free for every side as soon as the container that held it is killed', async () => {
    for (const [round, next] of [container('second'), HOST].entries()) {
      const holder = await scripts.hold(container('first'), { key: `round-${round}` })
      await holder.killed()
      expect(existsSync(`${scripts.path}/LOCK`)).toBe(true)
      const [reader, writer] = await scripts.tryBothModes(next)
      expect(reader).toMatchObject(OPENED)
      expect(writer).toMatchObject(OPENED)
      expect(reader?.keys).toContain(`round-${round}`)
      expect(existsSync(`${scripts.path}/LOCK`)).toBe(false)
    }
  })

  it('is free for a container that is killed and started again, each time', async () => {
    for (let round = 0; round < 3; round++) {
      const holder = await scripts.hold(container(`restart-${round}`), { key: `round-${round}` })
      await holder.killed()
    }
    const opened = await scripts.tryOpen(HOST)
    expect(opened.keys).toEqual(expect.arrayContaining(['round-0', 'round-1', 'round-2']))
  })

  it('is refused to every side while a container holds it', async () => {
    const holder = await scripts.hold(container('first'))
    await expectRefused(HOST, 'on host first')
    await expectRefused(container('second'), 'on host first')
    await expectRefused(container('second', { network: 'of the host' }), 'on host first')
    await holder.killed()
    expect(await scripts.tryOpen(container('second'))).toMatchObject(OPENED)
  })

  it('is refused to containers while the host holds it, and free after its kill', async () => {
    const holder = await scripts.hold(HOST)
    await expectRefused(container('first'), `pid ${holder.pid} on host ${hostname()}`)
    await holder.killed()
    for (const outcome of await scripts.tryBothModes(container('first')))
      expect(outcome).toMatchObject(OPENED)
  })

  it('is shared by readers in containers and on the host, which exclude writers', async () => {
    const readers = [
      await scripts.hold(container('first'), { readOnly: true }),
      await scripts.hold(HOST, { readOnly: true }),
    ]
    expect(existsSync(`${scripts.path}/LOCK`)).toBe(false)
    for (const reader of readers) {
      for (const start of [HOST, container('second')]) {
        const [shared, refusal] = await scripts.tryBothModes(start)
        expect(shared).toMatchObject(OPENED)
        expect(refusal).toMatchObject(REFUSED)
        expect(refusal?.message).toContain('opened read-only')
      }
      await reader.killed()
    }
    expect(await scripts.tryOpen(container('second'))).toMatchObject(OPENED)
  })

  it('is one database under every path that leads to it', async () => {
    const holder = await scripts.hold(HOST)
    const setUp = `mount -t tmpfs none /mnt; mkdir /mnt/data; mount --bind ${scripts.path} /mnt/data; ln -s data /mnt/link`
    for (const path of ['/mnt/data', '/mnt/link']) {
      for (const refusal of await scripts.tryBothModes(container('mount', { setUp }), path))
        expect(refusal).toMatchObject(REFUSED)
    }
    await holder.killed()
    for (const outcome of await scripts.tryBothModes(container('mount', { setUp }), '/mnt/link'))
      expect(outcome).toMatchObject(OPENED)
  })

  it('and that was copied while a container held it: the copy is free, the original is not', async () => {
    const holder = await scripts.hold(container('first'))
    const copy = `${folder.path}/copy`
    expect(spawnSync('cp', ['-a', scripts.path, copy]).status).toBe(0)
    for (const start of [HOST, container('second')]) {
      for (const outcome of await scripts.tryBothModes(start, copy)) expect(outcome).toMatchObject(OPENED)
    }
    await expectRefused(HOST, 'on host first')
    await holder.killed()
    expect(await scripts.tryOpen(HOST)).toMatchObject(OPENED)
  })
})

describe.skipIf(skipReason !== '')('a database that containers share, without flock', () => {
  const withFlock = container('image', { network: 'of the host' })
  const withoutFlock = container('image', { network: 'of the host', setUp: HIDE_FLOCK })

  it.each([
    ['in the holder', withoutFlock, withFlock],
    ['in the opener', withFlock, withoutFlock],
    ['in both', withoutFlock, withoutFlock],
  ])('%s, in one network: is refused while it is held, free after a kill', async (_, first, second) => {
    const holder = await scripts.hold(first)
    await expectRefused(second, 'on host image')
    await holder.killed()
    for (const outcome of await scripts.tryBothModes(second)) expect(outcome).toMatchObject(OPENED)
  })

  it('in the holder, in another network: is refused before and after a kill, with advice', async () => {
    const holder = await scripts.hold(container('first', { setUp: HIDE_FLOCK }))
    await expectRefused(HOST, 'on host first')
    await holder.killed()
    // Another container could get the numbers of the ended namespaces, and find out that the holder is dead.
    for (const refusal of await scripts.tryBothModes(HOST)) {
      expect(refusal).toMatchObject(REFUSED)
      expect(refusal.message).toContain('if it has ended, remove')
    }
  })

  it('in a holder that the opener sees: the process table decides', async () => {
    const holder = await scripts.hold({ through: WITHOUT_FLOCK })
    await expectRefused(HOST, `pid ${holder.pid} on host ${hostname()}`)
    await holder.killed()
    expect(await scripts.tryOpen(HOST)).toMatchObject(OPENED)
  })

  it('but with a program of that name that locks nothing: is not taken for locked by it', async () => {
    const setUp = 'for file in $(which -a flock); do mount --bind /bin/true "$file"; done'
    const holder = await scripts.hold(container('first', { setUp }))
    await expectRefused(HOST, 'on host first')
    await expectRefused(container('second', { setUp }), 'on host first')
    await holder.killed()
  })
})
