import { expect, test } from 'vitest'
import { CrashVfs } from '../src/crash/crash-vfs.js'
import { History } from '../src/history/history.js'
import { databaseSubject } from '../src/subjects/database-subject.js'
import { treeSubject } from '../src/subjects/tree-subject.js'
import { walSubject } from '../src/subjects/wal-subject.js'
import { seededRandom } from '../src/base/test-random.js'
import { TraceVfs } from '../src/trace/trace-vfs.js'
import type { Subject } from '../src/suite/subject.js'

async function traceOf(subject: Subject, seed: number): Promise<string[]> {
  const random = seededRandom(seed)
  const run = subject.newRun(random)
  const trace = new TraceVfs(new CrashVfs({ seed }), { recordsLines: true, rules: run.rules })
  const history = new History()
  const session = run.open(trace, history)
  for (let step = 0; step < 30; step++) await session.step(random, history)
  session.close(true)
  // Early writeback may still be in progress.
  await new Promise(setImmediate)
  expect(trace.violations).toEqual([])
  return trace.lines
}

test.each([walSubject, treeSubject, databaseSubject])(
  'equal seeds give equal traces: $name',
  async (subject) => {
    for (let seed = 1; seed <= 5; seed++) {
      const first = await traceOf(subject, seed)
      expect(first.length).toBeGreaterThan(20)
      expect(await traceOf(subject, seed)).toEqual(first)
    }
    expect(await traceOf(subject, 6)).not.toEqual(await traceOf(subject, 7))
  },
)
