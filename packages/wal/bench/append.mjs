// Measures append, flush, sync and recovery. Build first, then: node bench/append.mjs [directory]
import { mkdirSync, rmSync } from 'node:fs'
import { MemoryVfs, NodeVfs } from '@ldb/vfs'
import { Wal } from '@ldb/wal'

const RECORDS = 1_000_000
const ROUNDS = 5
const ns = () => Number(process.hrtime.bigint())
const median = (values) => values.sort((left, right) => left - right)[values.length >> 1]

/** Measures encoding and checksums alone: nothing is flushed within the measured time. */
function appendOnly(payloadBytes) {
  const payload = new Uint8Array(payloadBytes).fill(7)
  const batch = Math.floor((200 * 1024 * 1024) / (payloadBytes + 40) / 4)
  const options = { seq: 0 }
  let seq = 0
  const times = []
  const wal = Wal.open(new MemoryVfs(), 'log', {
    bufferBytes: 256 * 1024 * 1024,
    segmentBytes: 1024 * 1024 * 1024,
  })
  for (let round = 0; round < ROUNDS; round++) {
    const start = ns()
    for (let index = 0; index < batch; index++) {
      options.seq = ++seq
      wal.append(payload, options)
    }
    times.push((ns() - start) / batch)
    wal.flush()
    wal.rotate()
    wal.truncateBefore(wal.endLsn)
  }
  console.log(`append ${payloadBytes} B: ${median(times).toFixed(0)} ns`)
}

function writeAndRecover(directory, payloadBytes) {
  const vfs = new NodeVfs()
  rmSync(directory, { recursive: true, force: true })
  const wal = Wal.open(vfs, directory)
  const payload = new Uint8Array(payloadBytes).fill(7)
  const count = Math.min(RECORDS, Math.floor((256 * 1024 * 1024) / (payloadBytes + 32)))
  let start = ns()
  for (let index = 0; index < count; index++) {
    wal.append(payload)
    if (index % 1000 === 999) wal.flush()
  }
  wal.flush()
  let seconds = (ns() - start) / 1e9
  const { logBytes } = wal.stats()
  const rate = () =>
    `${(logBytes / 1e6 / seconds).toFixed(0)} MB/s, ${((seconds * 1e9) / count).toFixed(0)} ns a record`
  console.log(`log of ${payloadBytes} B records, a flush each 1,000: ${rate()}`)
  wal.close({ clean: false })
  start = ns()
  const again = Wal.open(vfs, directory)
  const openSeconds = (ns() - start) / 1e9
  const reader = again.read(again.firstLsn)
  let seen = 0
  while (reader.next()) seen++
  seconds = (ns() - start) / 1e9
  console.log(
    `recover ${(logBytes / 1e6).toFixed(0)} MB: ${rate()} (${openSeconds.toFixed(2)} s of it to open), ${seen} records`,
  )
  again.close()
}

async function durable(directory) {
  rmSync(directory, { recursive: true, force: true })
  const wal = Wal.open(new NodeVfs(), directory)
  const payload = new Uint8Array(150).fill(7)
  let start = ns()
  for (let index = 0; index < 1000; index++) {
    wal.append(payload)
    wal.sync()
  }
  console.log(`append + sync: ${((ns() - start) / 1e6).toFixed(0)} µs`)
  start = ns()
  const committer = async () => {
    for (let index = 0; index < 100; index++) {
      wal.append(payload)
      await wal.syncAsync()
    }
  }
  await Promise.all(Array.from({ length: 256 }, committer))
  console.log(
    `256 committers: ${(25_600 / ((ns() - start) / 1e9)).toFixed(0)} commits a second, ${wal.stats().syncCount - 1000} syncs`,
  )
  wal.close()
}

const directory = process.argv[2] ?? './bench-log'
for (const payloadBytes of [32, 150, 1024, 16384]) appendOnly(payloadBytes)
mkdirSync(directory, { recursive: true })
for (const payloadBytes of [150, 16384]) writeAndRecover(`${directory}/log`, payloadBytes)
await durable(`${directory}/log`)
rmSync(directory, { recursive: true, force: true })
