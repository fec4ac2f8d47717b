// Strategy: processes that use a database through both APIs are recorded by strace; at many of their system calls a disk after a
// power loss is rebuilt from the recording alone, opened and compared with the model.
// Invariants: the content is that of a begun step, no older than the last step that was acknowledged as durable; `verify` finds
// nothing. A recording without its syncs, and one without its directory syncs, must be reported.
import { describe, expect, it } from 'vitest'
import { callKillProblem } from '../../src/kill/child-process.js'
import { recordedSuite, runRecordedCase } from '../../src/recorded/recorded-suite.js'
import type { CallEvent } from '../../src/recorded/system-call.js'
import { formatCount, reportCounts } from '../counted.js'
import { runSuite } from '../run-suite.js'

/** The message `opened` as strace prints it. */
const OPENED = String.raw`"\x6f\x70\x65\x6e\x65\x64\x0a"`

const problem = callKillProblem()
if (problem !== null) console.warn(`no process was recorded: ${problem}`)

/** Seeds of a recording of the synchronous and of the asynchronous API at `full`. */
const SEEDS = [4, 0]

/** Removes the calls of a name after the database was opened. */
function without(name: string): (events: readonly CallEvent[]) => readonly CallEvent[] {
  return (events) => {
    const opened = events.findIndex((event) => event.name === 'write' && event.args[1] === OPENED)
    expect(opened).toBeGreaterThan(0)
    return events.filter((event, index) => index < opened || event.name !== name)
  }
}

describe.skipIf(problem !== null)('a recorded process', () => {
  it('loses no acknowledged step when the power fails', async (context) => {
    const counts = await runSuite(recordedSuite, 'images', 1000)
    reportCounts(
      context,
      `recorded: ${counts['recordings']} processes, ${formatCount(counts['calls'])} system calls, ` +
        `${formatCount(counts['images'])} power losses, 0 violations`,
    )
    expect(counts['by-sync']).toBeGreaterThan(0)
    expect(counts['by-async']).toBeGreaterThan(0)
    expect(counts['acknowledged']).toBeGreaterThan(100)
  }, 600_000)

  it.each(SEEDS)('is reported when the syncs of files are missing (seed %i)', (seed) => {
    expect(() => runRecordedCase(seed, 40, without('fdatasync'))).toThrow('image of kind')
  })

  it.each(SEEDS)('is reported when the syncs of directories are missing (seed %i)', (seed) => {
    expect(() => runRecordedCase(seed, 40, without('fsync'))).toThrow('image of kind')
  })
})
