// Strategy: an application that uses the packages as npm installs them is built for a browser, and runs in Chromium.
// Invariants: a memory database works as on Node: entries expire by the clock, in reads and in the background, asynchronous operations
// end, and yield to other tasks of the page; files are unsupported.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { findChromium, startChromium } from '@ldb/chromium'
import type { RunningChromium } from '@ldb/chromium'
import { bundleWithEsbuild, bundleWithWebpack } from '../src/bundle.js'
import { runInChromium } from '../src/chromium.js'
import { copyConsumer, dropConsumer } from '../src/consumer.js'
import type { Consumer } from '../src/consumer.js'

const APPLICATION = `
import { AsyncDatabase, Database } from '@ldb/core'

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

async function expiry() {
  const db = Database.memory()
  const sessions = db.keyspace('sessions', { ttlMs: 200 })
  sessions.put('a', '1')
  sessions.put('b', '2', { ttlMs: Infinity })
  const before = sessions.get('a')
  const { seq } = db
  while (db.seq === seq) await sleep(50) // The sweep deletes the expired entry in a commit of its own.
  const result = [before, sessions.get('a') ?? 'expired', sessions.count(), [...sessions.keys()].join()]
  db.close()
  return result.join(' ')
}

async function operations() {
  const db = await AsyncDatabase.memory()
  const words = await db.keyspace('words', { keys: 'tuple', values: 'json' })
  let isOver = false
  let taskCount = 0
  const countTasks = async () => {
    while (!isOver) {
      await sleep(0)
      taskCount++
    }
  }
  const counted = countTasks()
  await Promise.all(Array.from({ length: 20_000 }, (_, index) => words.put([index], { index })))
  let sum = 0
  for await (const [, { index }] of words.entries()) sum += index
  await db.transaction(async (tx) => {
    await tx.in(words).put(['total'], { sum })
  })
  const { ok } = await db.verify()
  const total = await words.get(['total'])
  await db.close()
  isOver = true
  await counted
  return [total.sum, ok, taskCount > 1].join(' ')
}

function files() {
  try {
    Database.open('data')
    return 'opened'
  } catch (error) {
    return error.code
  }
}

async function main() {
  return [await expiry(), await operations(), files()].join(', ')
}

main()
  .catch((error) => String(error.stack))
  .then((result) => fetch('/result', { method: 'POST', body: result }))
`

const chromium = findChromium()
if (chromium === undefined) console.log('Chromium is not installed: the tests in it are skipped')

describe.skipIf(chromium === undefined)('in Chromium', () => {
  let consumer: Consumer
  let browser: RunningChromium
  beforeAll(async () => {
    consumer = copyConsumer(inject('packed'))
    browser = await startChromium(chromium ?? '')
  }, 200_000)
  afterAll(async () => {
    await browser.close()
    dropConsumer(consumer)
  })

  test.each([
    ['webpack', bundleWithWebpack],
    ['esbuild', bundleWithEsbuild],
  ] as const)('a memory database of an application built with %s works', async (name, bundle) => {
    const entry = join(consumer.folder, `${name}.mjs`)
    writeFileSync(entry, APPLICATION)
    const built = join(consumer.folder, 'built', `${name}.js`)
    await bundle(entry, built, 'web')
    const result = await runInChromium(browser, built)
    expect(result).toBe('1 expired 1 b, 199990000 true true, LDB_UNSUPPORTED')
  })
})
