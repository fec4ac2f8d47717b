// Exports and imports that go on: from a position, and by skipped lines with a position that is committed with its entries.
import { MemoryVfs, SeededRandom } from '@ldb/vfs'
import { isLdbError } from '@ldb/base'
import { expect, test } from 'vitest'
import { Database, exportLines, importLines } from '@ldb/core'
import type { ExportPosition } from '@ldb/core'

function open(): Database {
  return Database.open('db', { vfs: new MemoryVfs({ random: new SeededRandom(2) }) })
}

function filled(): Database {
  const database = open()
  for (let i = 0; i < 1500; i++) database.put(`k${String(i).padStart(4, '0')}`, `v${i}`)
  const events = database.keyspace('events', { keys: 'tuple', values: 'json' })
  for (let i = 0; i < 1200; i++) events.put([i], { engine: i })
  return database
}

function codeOf(action: () => unknown): string | undefined {
  try {
    action()
  } catch (error) {
    if (isLdbError(error)) return error.code
  }
  return undefined
}

test('an export goes on behind any entry', () => {
  using database = filled()
  const positions: ExportPosition[] = []
  const lines = [
    ...exportLines(database, {
      onEntry: ({ keyspace, key }) => positions.push({ keyspace, key: key.slice() }),
    }),
  ]
  const entryLines = lines.slice(3)
  expect(positions.length).toBe(2700)
  for (const index of [0, 1, 1498, 1499, 1500, 2698, 2699])
    expect([...exportLines(database, { after: positions[index] })]).toEqual(entryLines.slice(index + 1))
  const none = { keyspace: 'none', key: new Uint8Array() }
  expect(codeOf(() => exportLines(database, { after: none }).next())).toBe('LDB_NOT_FOUND')
  for (const options of [{ after: { keyspace: 'default' } }, { onEntry: 1 }, { other: 1 }])
    expect(codeOf(() => exportLines(database, options as never).next())).toBe('LDB_INVALID_ARGUMENT')
})

test('a consumer of lines knows the position of each when it has the line', () => {
  using database = filled()
  let last: string | undefined
  const options = {
    onEntry: ({ key }: ExportPosition): void => {
      last = Buffer.from(key).toString()
    },
  }
  for (const line of exportLines(database, options)) {
    if (!line.includes('"value"') || !line.includes('"default"')) continue
    expect((JSON.parse(line) as { key: string }).key).toBe(last)
    if (last === 'k0002') break
  }
  expect(last).toBe('k0002')
})

test('an import that ended anywhere goes on without a loss and without a repetition', async () => {
  using source = filled()
  const lines = [...exportLines(source)]
  // The source fails behind each of these lines: what was committed before is written once.
  for (const failingLine of [2, 3, 1002, 1004, 2100, 2703]) {
    using target = open()
    const positions = target.keyspace('positions', { values: 'json' })
    const writes: number[] = []
    const run = (text: Iterable<string>): Promise<unknown> =>
      importLines(target, text, {
        skipLines: Number(positions.get('import') ?? 0),
        beforeCommit: (batch, { lineCount }) => {
          writes.push(batch.operationCount)
          batch.in(positions).put('import', lineCount)
        },
      })
    await expect(
      run(
        (function* () {
          yield* lines.slice(0, failingLine)
          throw new Error('cut')
        })(),
      ),
    ).rejects.toThrow('cut')
    await run(lines)
    expect(writes.reduce((sum, count) => sum + count, 0)).toBe(2700)
    expect(positions.get('import')).toBe(lines.length)
    target.dropKeyspace('positions')
    expect([...exportLines(target)].slice(1)).toEqual(lines.slice(1))
  }
})

test('a signal ends an import between two commits', async () => {
  using source = filled()
  using target = open()
  const controller = new AbortController()
  const run = importLines(target, exportLines(source), {
    signal: controller.signal,
    beforeCommit: () => {
      controller.abort()
    },
  })
  await expect(run).rejects.toMatchObject({ code: 'LDB_ABORTED' })
  expect(target.count()).toBe(1000)
})

test('options of an import are checked', async () => {
  using target = open()
  for (const options of [
    { skipLines: -1 },
    { skipLines: 0.5 },
    { beforeCommit: 1 },
    { signal: 1 },
    { other: 1 },
  ])
    await expect(importLines(target, ['{"ldb":1}\n'], options as never)).rejects.toMatchObject({
      code: 'LDB_INVALID_ARGUMENT',
    })
  await expect(importLines(target, ['{"ldb":1}\n'], { skipLines: 2 })).rejects.toMatchObject({
    code: 'LDB_INVALID_ARGUMENT',
  })
})
