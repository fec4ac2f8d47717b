import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { entriesOf, keyOf, valueOf, writeAll } from '../entries.js'
import { copyFolder, readFolder } from '../folders.js'
import { isSame } from '../reading.js'
import type { Entry } from '../subject.js'
import { randomFrom } from './damage.js'
import type { Trial } from './trial.js'

const ENTRIES = 5000
const COMMITS = 300
const BLOCK_BYTES = 4096
const SEED = 77

/** Makes a backup while pairs of equal entries are committed, and opens it. */
export const liveBackup: Trial = {
  id: 'backup',
  title: 'a backup while others write',
  isEncrypted: false,
  async run({ subject, dir }) {
    if (subject.restore === undefined) return 'not offered'
    const data = join(dir, 'data')
    mkdirSync(data)
    const store = await subject.open({ dir: data })
    if (store.backup === undefined) return 'not offered'
    await writeAll(store, entriesOf(ENTRIES))
    let isDone = false
    const backup = store.backup(join(dir, 'backup')).finally(() => (isDone = true))
    let commits = 0
    while (!isDone || commits < COMMITS) {
      commits++
      await store.write([
        [`pair-a-${String(commits).padStart(6, '0')}`, String(commits)],
        [`pair-b-${String(commits).padStart(6, '0')}`, String(commits)],
      ])
      await new Promise((resolve) => setImmediate(resolve))
    }
    await backup
    await store.close()
    await subject.restore(join(dir, 'backup'), join(dir, 'restored'))
    const restored = await subject.open({ dir: join(dir, 'restored') })
    const entries = await restored.entries()
    await restored.close()
    const [a, b] = ['pair-a-', 'pair-b-'].map((prefix) => entries.filter(([key]) => key.startsWith(prefix)))
    const isPrefix = (a ?? []).every(([, value], index) => value === String(index + 1))
    const isAtomic = a?.length === b?.length
    const isWhole = isSame(
      entries.filter(([key]) => key.startsWith('key-')),
      [...entriesOf(ENTRIES)],
    )
    return isPrefix && isAtomic && isWhole ? 'one consistent state' : 'inconsistent'
  },
}

/** Returns to the commit before a mistake. */
export const pointInTime: Trial = {
  id: 'point-in-time',
  title: 'return to a commit before a mistake',
  isEncrypted: false,
  async run({ subject, dir }) {
    if (subject.restoreUntil === undefined) return 'not offered'
    const data = join(dir, 'data')
    const archive = join(dir, 'archive')
    mkdirSync(data)
    const store = await subject.open({ dir: data, archive })
    if (store.backup === undefined || store.seq === undefined) return 'not offered'
    await writeAll(store, entriesOf(ENTRIES))
    await store.backup(join(dir, 'backup'))
    for (let index = 0; index < COMMITS; index++) await store.write([[keyOf(index), valueOf(index, 1)]])
    const seq = store.seq()
    const expected = await store.entries()
    await store.write(
      [],
      expected.map(([key]) => key),
    )
    await store.close()
    await subject.restoreUntil(join(dir, 'backup'), archive, join(dir, 'restored'), seq)
    const restored = await subject.open({ dir: join(dir, 'restored') })
    const isSameState = isSame(await restored.entries(), expected)
    await restored.close()
    return isSameState ? 'the state of that commit' : 'another state'
  },
}

/** Destroys one block of a store in which entries were overwritten and deleted, and repairs it. */
export const repair: Trial = {
  id: 'repair',
  title: 'repair after a block of zeros',
  isEncrypted: false,
  async run({ subject, dir, cases }) {
    if (subject.repair === undefined) return 'not offered'
    const data = join(dir, 'data')
    mkdirSync(data)
    const store = await subject.open({ dir: data })
    await writeAll(store, entriesOf(ENTRIES))
    const live: Entry[] = []
    const deleted: string[] = []
    const changed: Entry[] = []
    for (const [index, [key, value]] of [...entriesOf(ENTRIES)].entries()) {
      if (index % 5 === 0) deleted.push(key)
      else if (index % 5 === 1) changed.push([key, valueOf(index, 1)])
      live.push(
        ...(index % 5 === 0 ? [] : [(index % 5 === 1 ? [key, valueOf(index, 1)] : [key, value]) as Entry]),
      )
    }
    await writeAll(store, changed)
    await store.write([], deleted)
    await store.close()
    const random = randomFrom(SEED)
    const expected = new Map(live)
    let failures = 0
    let lost = 0
    let lostMax = 0
    let stale = 0
    for (let index = 0; index < cases; index++) {
      const damaged = join(dir, `damaged-${index}`)
      copyFolder(data, damaged)
      zeroBlock(damaged, random)
      try {
        const repaired = await subject.open({
          dir: await subject.repair(damaged, join(dir, `repaired-${index}`)),
        })
        const entries = await repaired.entries()
        await repaired.close()
        const right = entries.filter(([key, value]) => expected.get(key) === value).length
        stale += entries.length - right
        lost += expected.size - right
        lostMax = Math.max(lostMax, expected.size - right)
      } catch {
        failures++
      }
    }
    const repaired = Math.max(1, cases - failures)
    return `failed ${failures} of ${cases}; lost ${Math.round(lost / repaired)} of ${expected.size} on average, at most ${lostMax}; old or deleted entries returned ${stale}`
  },
}

function zeroBlock(dir: string, random: () => number): void {
  const files = readFolder(dir)
  let at = Math.floor(random() * files.reduce((sum, { bytes }) => sum + bytes.length, 0))
  for (const { path, bytes } of files) {
    if (at >= bytes.length) {
      at -= bytes.length
      continue
    }
    const content = readFileSync(join(dir, path))
    const start = at - (at % BLOCK_BYTES)
    content.fill(0, start, Math.min(content.length, start + BLOCK_BYTES))
    writeFileSync(join(dir, path), content)
    return
  }
}
