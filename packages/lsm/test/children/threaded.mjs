// Writes to a store whose compactions another thread runs, and prints what it did as JSON. Arguments: directory, case.
import { toSeq, WriteBatch } from '@ldb/base'
import { defaultVfs } from '@ldb/vfs'
import { createCompactionThread, LsmTree } from '@ldb/lsm'

const [, , directory, name] = process.argv
const ENTRIES = 120_000
const thread = createCompactionThread()
const jobs = []
const counted = {
  get isReady() {
    return thread.isReady
  },
  begin(job, ended) {
    const running = thread.begin(job, ended)
    jobs.push(running)
    return running
  },
  close: () => thread.close(),
}
let wantsCheckpoint = false
let compactions = 0
const observer = {
  wantsCheckpoint: () => (wantsCheckpoint = true),
  stalled: () => undefined,
  completed: () => compactions++,
  failed: (error) => console.error(error),
}
const store = LsmTree.open(defaultVfs(), directory, {
  memtableBytes: 1 << 20,
  tableBytes: 1 << 20,
  levelBaseBytes: 4 << 20,
  compression: 'none',
  thread: counted,
  observer,
})

const bytesOf = (text) => Buffer.from(text, 'latin1')
let seq = store.seq
function put(index) {
  const batch = new WriteBatch()
  batch.put(
    0,
    bytesOf(`key${String((index * 7919) % ENTRIES).padStart(9, '0')}`),
    bytesOf(`${index}`.padEnd(100, 'v')),
  )
  for (const section of batch.sections()) store.apply(section, toSeq(++seq))
  // As an owner whose log has become long.
  if (!wantsCheckpoint && index % 20_000 !== 0) return
  wantsCheckpoint = false
  store.checkpoint()
}

const turn = () => new Promise((resolve) => setImmediate(resolve))
const isRunning = () => jobs.some((job) => !job.isEnded)

for (let index = 0; index < ENTRIES; index++) {
  put(index)
  if (name !== 'no yield' && index % 100 === 0) await turn()
  if (name === 'dies' && isRunning()) thread.close()
  if (name === 'close' && isRunning()) break
  if (name === 'killed' && index > 20_000 && isRunning()) process.kill(process.pid, 'SIGKILL')
}
// What the thread has written is installed with a commit.
for (let count = 0; name !== 'close' && isRunning() && count < 200; count++)
  await new Promise((resolve) => setTimeout(resolve, 50))
if (name !== 'close') put(0)
store.checkpoint()
const snapshot = store.snapshot()
const result = {
  jobs: jobs.length,
  compactions,
  entries: snapshot.count(),
  level0: store.stats().levels[0]?.tableCount,
}
snapshot.release()
store.close()
// The thread keeps no process alive, closed or not.
if (name !== 'no yield') thread.close()
console.log(JSON.stringify({ ...result, running: isRunning() }))
