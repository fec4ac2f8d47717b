// Strategy: collections that the test reports itself, and real ones.
// Invariants: a leak is reported once, after its handle was collected; a closed resource is not reported, and is not watched when
// it is closed at once.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { afterCollection } from './after-collection.js'
import type { AfterCollection } from './after-collection.js'
import { LeakDetector } from './leak-detector.js'

interface Resource {
  readonly name: string
}

function watcher(): { after: AfterCollection; tasks: Map<object, () => void>; watchCount: () => number } {
  const tasks = new Map<object, () => void>()
  let count = 0
  const after: AfterCollection = (target, task) => {
    count++
    tasks.set(target, task)
    return {
      cancel: (): void => {
        tasks.delete(target)
      },
    }
  }
  return { after, tasks, watchCount: () => count }
}

test('watches a handle from the next microtask on, and reports its collection once', async () => {
  const { after, tasks, watchCount } = watcher()
  const leaks: string[] = []
  const detector = new LeakDetector<Resource>(after, ({ name }) => leaks.push(name))
  const [a, b, c] = ['a', 'b', 'c'].map((name) => ({ name })) as [Resource, Resource, Resource]
  const handles = [{}, {}, {}] as const
  detector.add(a, handles[0])
  detector.add(b, handles[1])
  expect([detector.remove(a), detector.remove(a)]).toEqual([true, false])
  expect([detector.size, detector.oldest, watchCount()]).toEqual([1, b, 0])
  await Promise.resolve()
  expect(watchCount()).toBe(1)
  detector.add(c, handles[2])
  expect([detector.size, detector.oldest]).toEqual([2, b])
  const collected = tasks.get(handles[1])
  collected?.()
  collected?.()
  expect(leaks).toEqual(['b'])
  await Promise.resolve()
  detector.remove(c)
  expect([tasks.size, detector.size, detector.oldest]).toEqual([0, 0, undefined])
})

test('the owner may decide when handles are watched', async () => {
  const { after, watchCount } = watcher()
  const scheduled: (() => void)[] = []
  const detector = new LeakDetector<Resource>(
    after,
    () => undefined,
    (task) => scheduled.push(task),
  )
  detector.add({ name: 'a' }, {})
  detector.add({ name: 'b' }, {})
  await Promise.resolve()
  expect([watchCount(), scheduled.length]).toEqual([0, 1])
  scheduled[0]?.()
  expect(watchCount()).toBe(2)
})

test('all resources can be leaked or taken at once', async () => {
  const { after } = watcher()
  const leaks: string[] = []
  const detector = new LeakDetector<Resource>(after, ({ name }) => leaks.push(name))
  detector.add({ name: 'a' }, {})
  await Promise.resolve()
  detector.add({ name: 'b' }, {})
  detector.leakAll()
  expect(leaks).toEqual(['a', 'b'])
  detector.add({ name: 'c' }, {})
  expect(detector.takeAll()).toEqual([{ name: 'c' }])
  expect([leaks.length, detector.size]).toEqual([2, 0])
})

test('detects no leak where collections are not reported', async () => {
  const detector = new LeakDetector<Resource>(undefined, () => undefined)
  const resource = { name: 'a' }
  detector.add(resource, {})
  await Promise.resolve()
  expect([detector.size, detector.oldest, detector.remove(resource)]).toEqual([1, resource, true])
})

test('a real collection of a handle is detected, unless its resource was closed', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const leaks: string[] = []
  const detector = new LeakDetector<Resource>(afterCollection, ({ name }) => leaks.push(name))
  const open = async (): Promise<object> => {
    const closed = { name: 'closed' }
    const used = {}
    detector.add({ name: 'leaked' }, {})
    detector.add({ name: 'used' }, used)
    detector.add(closed, {})
    await Promise.resolve()
    detector.remove(closed)
    return used
  }
  const used = await open()
  for (let round = 0; round < 100 && leaks.length === 0; round++) {
    await new Promise((resolve) => setImmediate(resolve))
    collect()
  }
  await new Promise((resolve) => setImmediate(resolve))
  expect(leaks).toEqual(['leaked'])
  expect([detector.size, typeof used]).toEqual([1, 'object'])
})
