// Rewrites the same keys repeatedly in random order, then deletes everything, and prints measurements as JSON.
// Arguments: directory, number of keys, rounds.
import { statSync, writeSync } from 'node:fs'
import { Database } from '@ldb/core'

const [, , directory, countText, roundsText] = process.argv
const count = Number(countText)
const rounds = Number(roundsText)
const db = Database.open(directory, { durability: 'none' })
const value = 'v'.repeat(100)
let state = 12_345
let fileBytesMax = 0

/** Returns a pseudorandom number below a limit; the sequence is the same in every process. */
function random(limit) {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
  return Math.floor((state / 2 ** 32) * limit)
}

function fileBytes() {
  return statSync(`${directory}/keyspaces/1/tree.ldb`, { throwIfNoEntry: false })?.size ?? 0
}

const order = Array.from({ length: count }, (_, index) => index)
for (let round = 0; round < rounds; round++) {
  for (let left = count - 1; left > 0; left--) {
    const other = random(left + 1)
    const swapped = order[left]
    order[left] = order[other]
    order[other] = swapped
  }
  for (let index = 0; index < count;) {
    const batch = db.batch()
    for (let left = 1_000; left > 0 && index < count; left--, index++) {
      batch.put(String(order[index]).padStart(16, '0'), value)
    }
    batch.commit()
  }
  fileBytesMax = Math.max(fileBytesMax, fileBytes())
}
db.checkpoint()
fileBytesMax = Math.max(fileBytesMax, fileBytes())
const fileBytesEnd = fileBytes()
const pageBytesLive = db.stats().keyspaces[0].liveBytes
db.clear()
db.checkpoint()
const fileBytesCleared = fileBytes()
for (let index = 0; index < count; index += 1_000) {
  const batch = db.batch()
  for (let at = index; at < index + 1_000; at++) batch.put(String(at).padStart(16, '0'), value)
  batch.commit()
}
db.checkpoint()
for (let index = 0; index < count; index += 1_000) {
  const batch = db.batch()
  for (let at = index; at < index + 1_000; at++) batch.delete(String(at).padStart(16, '0'))
  batch.commit()
}
db.checkpoint()
const fileBytesDeleted = fileBytes()
const { ok } = db.verify()
db.close()
const liveBytes = count * 116
writeSync(
  1,
  JSON.stringify({
    liveBytes,
    pageBytesLive,
    fileBytesMax,
    fileBytesEnd,
    fileBytesCleared,
    fileBytesDeleted,
    ok,
  }),
)
