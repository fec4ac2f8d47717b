import { Session } from 'node:inspector'
import type { Profiler } from 'node:inspector'

/** Only what is tested counts, built or as source. */
const TESTED = /\/packages\/[a-z]+\/(?:src|dist)\//

/**
 * The one session of this thread, begun when this module is loaded: V8 counts the blocks of a function only when it
 * compiles it, at its first call, while somebody wants them counted. It stays until the thread ends.
 */
const session = new Session()
session.connect()
session.post('Profiler.enable')
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })

/** Which blocks of the tested code have run, as V8 counts them. */
export class CodeCoverage {
  constructor() {
    this.take()
  }

  /** Returns the blocks that have run since the last call. */
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

  /** The session answers before `post` returns. */
  #takeScripts(): Profiler.ScriptCoverage[] {
    let scripts: Profiler.ScriptCoverage[] = []
    session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error !== null) throw error
      scripts = result.filter(({ url }) => TESTED.test(url))
    })
    return scripts
  }
}
