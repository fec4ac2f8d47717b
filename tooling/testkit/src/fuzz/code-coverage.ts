import { Session } from 'node:inspector'
import type { Profiler } from 'node:inspector'

/** Counts only the code under test, built or as source. */
const TESTED = /\/packages\/[a-z]+\/(?:src|dist|lib)\//

/**
 * The inspector session of this thread, opened when this module is loaded. V8 counts the blocks of a function only if coverage
 * was enabled before the first call compiled it. The session lasts until the thread ends.
 */
const session = new Session()
session.connect()
session.post('Profiler.enable')
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })

/** The executed blocks of the code under test, as V8 counts them. */
export class CodeCoverage {
  constructor() {
    this.take()
  }

  /** Returns the blocks executed since the last call. */
  take(): Set<string> {
    const blocks = new Set<string>()
    for (const { scriptId, functions } of this.#takeScripts()) {
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          if (count > 0) blocks.add(`${scriptId}:${startOffset}:${endOffset}`)
        }
      }
    }
    return blocks
  }

  /** `post` calls back synchronously. */
  #takeScripts(): Profiler.ScriptCoverage[] {
    let scripts: Profiler.ScriptCoverage[] = []
    session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error !== null) throw error
      scripts = result.filter(({ url }) => TESTED.test(url))
    })
    return scripts
  }
}
