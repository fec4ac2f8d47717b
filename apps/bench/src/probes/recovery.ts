import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Finding, Probe } from '../model/probe.js'
import { median } from '../measure/statistics.js'
import { openDatabase } from './loading.js'
import { CRASH_CACHE_BYTES, crashTuning } from './crash-settings.js'

const MEBIBYTE = 2 ** 20
const LOG_MIB = { tiny: 2, quick: 32, normal: 256, full: 256 }
const ROUNDS = { tiny: 1, quick: 1, normal: 3, full: 5 }
const WRITER = fileURLToPath(new URL('./crash-writer.js', import.meta.url))
const MB_PER_SECOND_AT_LEAST = 300

/** Recovery rate: opens a database whose writer was killed with a long log. */
export const recovery: Probe = {
  id: 'recover',
  title: 'Opening after the writer was killed',
  async run(effort, dir): Promise<Finding[]> {
    const logBytes = LOG_MIB[effort] * MEBIBYTE
    const times: number[] = []
    let read = 0
    for (let round = 0; round < ROUNDS[effort]; round++) {
      const path = `${dir}/${round}`
      const writer = spawnSync(process.execPath, [WRITER, path, String(logBytes)], { encoding: 'utf8' })
      if (writer.signal !== 'SIGKILL') throw new Error(`the writer was not killed: ${writer.stderr}`)
      read = Number(writer.stdout)
      const start = performance.now()
      const { db } = openDatabase(path, CRASH_CACHE_BYTES, crashTuning(logBytes))
      times.push(performance.now() - start)
      db.close()
    }
    const ms = median(times)
    return [
      { name: 'log', value: read / 1e6, unit: 'MB' },
      { name: 'time to open', value: ms, unit: 'ms' },
      {
        name: 'log recovered',
        value: read / 1e3 / ms,
        unit: 'MB/s',
        atLeast: MB_PER_SECOND_AT_LEAST,
      },
    ]
  },
}
