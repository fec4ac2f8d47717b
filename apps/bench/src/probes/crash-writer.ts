import { writeSync } from 'node:fs'
import { CRASH_CACHE_BYTES, crashTuning } from './crash-settings.js'
import { dataOf, load, openDatabase } from './loading.js'

// Writes until the log has `logBytes`, prints its size and kills its own process.

const [, , dir = '', bytes = ''] = process.argv
const logBytes = Number(bytes)
const { db, entries } = openDatabase(dir, CRASH_CACHE_BYTES, crashTuning(logBytes))
const written = (): number => db.stats().log.bytesSinceCheckpoint
load({ db, entries, data: dataOf(logBytes) }, () => written() >= logBytes)
writeSync(1, String(written()))
process.kill(process.pid, 'SIGKILL')
