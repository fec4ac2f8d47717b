// Strategy: a repair of a damaged database runs on a disk of which images are taken at its operations, of every mode; and on a file system
// whose k-th call fails, for every kind of error.
// Invariants: after a crash the source is unchanged, and the target is absent or complete; an error is typed, and leaves no target, or a
// complete one; without an error the target is complete, or says what it lacks.
import { Database, isLdbError } from '@ldb/core'
import type { RepairReport } from '@ldb/core'
import type { MemoryVfs, Vfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { seededRandom } from '../../src/base/test-random.js'
import { imageVfs, readFile, writeImage } from '../../src/corruption/directory-image.js'
import type { DirectoryImage } from '../../src/corruption/directory-image.js'
import { CrashVfs } from '../../src/crash/crash-vfs.js'
import { CANONICAL_MODES, crashPlan } from '../../src/crash/plan.js'
import { FAULT_KINDS, isSilent } from '../../src/vfs/fault.js'
import { FaultVfs } from '../../src/vfs/fault-vfs.js'
import { formatCount, reportCounts } from '../counted.js'
import { makeSample, missingCount, repairedContent, SOURCE, TARGET } from './damaged-database.js'

const SAMPLE = makeSample('btree', false)

function assertUnchanged(vfs: Vfs, image: DirectoryImage): void {
  for (const [path, bytes] of image.files) {
    if (Buffer.compare(readFile(vfs, path), bytes) !== 0) throw new Error(`${path} was changed`)
  }
}

function isAbsentOrComplete(vfs: Vfs): boolean {
  return vfs.status(TARGET) === undefined || missingCount(SAMPLE.content, repairedContent(vfs)) === 0
}

test('a crash leaves no target, or a complete one', { timeout: 300_000 }, (context) => {
  const random = seededRandom(3)
  const disk = new CrashVfs({ seed: 3 })
  writeImage(disk, SAMPLE.image)
  const stable = disk.image(crashPlan('all', 3))
  const images: { readonly disk: CrashVfs; readonly at: string }[] = []
  let operationCount = 0
  stable.onOperation = (operation, order): void => {
    operationCount++
    if (!random.chance(0.5) && operation.kind !== 'rename') return
    const mode = CANONICAL_MODES[order % CANONICAL_MODES.length] ?? 'none'
    images.push({
      disk: stable.image(crashPlan(mode, order)),
      at: `${operation.kind} ${operation.path}, ${mode}`,
    })
  }
  Database.repair(SOURCE, { target: TARGET, vfs: stable })
  stable.onOperation = undefined
  images.push({ disk: stable.image(crashPlan('none', 1)), at: 'the end' })
  expect(images.length).toBeGreaterThan(15)
  let completeCount = 0
  for (const { disk: image, at } of images) {
    assertUnchanged(image, SAMPLE.image)
    expect(isAbsentOrComplete(image), at).toBe(true)
    if (image.status(TARGET) !== undefined) completeCount++
  }
  // After the return, the target survives a crash that loses all that is not synced.
  expect(images.at(-1)?.disk.status(TARGET)).toBeDefined()
  reportCounts(
    context,
    `repair: ${operationCount} operations, ${images.length} images, ${completeCount} complete`,
  )
})

test('an error leaves no target, and is typed', { timeout: 300_000 }, (context) => {
  let errorCount = 0
  let runCount = 0
  for (const [index, kind] of FAULT_KINDS.filter(({ effect }) => !isSilent(effect)).entries()) {
    for (let nth = 1 + (index % 3); nth < 1000; nth += 1 + nth) {
      const below = imageVfs(SAMPLE.image)
      let hitCount = 0
      const { effect, calls } = kind
      const path = (): boolean => {
        hitCount++
        return true
      }
      const vfs = new FaultVfs(below, seededRandom(nth), { effect, calls, nth, path })
      runCount++
      let report: RepairReport | undefined
      const error = failureOf(() => {
        report = Database.repair(SOURCE, { target: TARGET, vfs })
      })
      assertUnchanged(below, SAMPLE.image)
      expect(error === undefined || isLdbError(error), `${kind.name}, call ${nth}: ${String(error)}`).toBe(
        true,
      )
      // A file that is not found, although it is there, is a loss.
      const isReported = report?.isComplete === false && report.lossCount > 0
      expect(isReported || isAbsentOrComplete(below), `${kind.name}, call ${nth}: ${String(error)}`).toBe(
        true,
      )
      if (error !== undefined) errorCount++
      else expect(below.status(TARGET), `${kind.name}, call ${nth}`).toBeDefined()
      if (hitCount < nth) break
    }
  }
  reportCounts(context, `repair: ${formatCount(runCount)} runs, ${formatCount(errorCount)} errors`)
  expect(errorCount).toBeGreaterThan(20)
})

function failureOf(run: () => unknown): unknown {
  try {
    run()
    return undefined
  } catch (error) {
    return error
  }
}

test('a repair that is aborted or whose callback throws leaves nothing', () => {
  for (let count = 1; count < 6; count++) {
    const vfs: MemoryVfs = imageVfs(SAMPLE.image)
    let left = count
    const thrown = failureOf(() =>
      Database.repair(SOURCE, {
        target: TARGET,
        vfs,
        onProgress: () => {
          if (--left === 0) throw new RangeError('enough')
        },
      }),
    )
    expect(thrown).toBeInstanceOf(RangeError)
    expect(vfs.list('')).toEqual([SOURCE])
  }
})
