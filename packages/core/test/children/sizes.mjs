// Loads many entries, reads them back, and prints measurements as JSON.
// Arguments: directory, number of entries, cache bytes.
import { writeSync } from 'node:fs'
import { Database } from '@ldb/core'

const [, , directory, countText, cacheText] = process.argv
const count = Number(countText)
const options = { cacheBytes: Number(cacheText) }
const value = new Uint8Array(100)
let rssMax = 0
const started = performance.now()

/** Returns the n-th key, of 16 bytes, in an order that visits every number below `count` once. */
function keyOf(index) {
  return String((index * 7_919) % count).padStart(16, '0')
}

function valueOf(index) {
  value.fill(index % 251)
  return value
}

function noteRss() {
  rssMax = Math.max(rssMax, process.memoryUsage.rss())
}

let db = Database.open(directory, options)
let data = db.keyspace('data', { values: 'binary' })
for (let index = 0; index < count;) {
  const batch = db.batch().in(data)
  for (let left = 1_000; left > 0 && index < count; left--, index++) batch.put(keyOf(index), valueOf(index))
  batch.commit()
  noteRss()
}
const loadMs = performance.now() - started
db.close()
noteRss()
const rssAfterLoad = process.memoryUsage.rss()

db = Database.open(directory, options)
data = db.keyspace('data', { values: 'binary' })
let wrong = 0
for (let index = 0; index < count; index += 7) {
  const found = data.get(keyOf(index))
  if (found === undefined || found.length !== 100 || found[0] !== index % 251 || found[99] !== index % 251)
    wrong++
}
noteRss()
let scanned = 0
const cursor = data.cursor()
for (let found = cursor.first(); found; found = cursor.next()) {
  if (cursor.key !== String(scanned).padStart(16, '0')) wrong++
  scanned++
}
cursor.close()
noteRss()
const { fileBytes } = db.stats().keyspaces[1]
const counted = data.count()
db.close()
const figures = { rssMax, rssAfterLoad, loadMs, wrong, scanned, counted, fileBytes }
writeSync(1, JSON.stringify({ ...figures, totalMs: performance.now() - started }))
