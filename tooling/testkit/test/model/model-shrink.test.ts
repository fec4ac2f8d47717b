// Strategy: generates the same commands with fast-check arbitraries, which shrink keys and ranges as well as the
// list.
// Invariant: every result equals that of the reference.
import fc from 'fast-check'
import { test } from 'vitest'
import type { BatchStep, Command, Move, Text, TextRange } from '../../src/model/commands/commands.js'
import { ModelRun } from '../../src/model/model-run.js'
import type { RunSettings } from '../../src/model/commands/run-settings.js'

const RUNS = Number(process.env['LDB_MODEL_RUNS'] ?? 60)
const ks = fc.nat(3)
const key: fc.Arbitrary<Text> = fc.oneof(
  fc.string({ unit: fc.constantFrom('\0', '\xff', 'a', 'b'), maxLength: 3 }),
  fc.nat(60).map((number) => `key${String(number).padStart(2, '0')}`),
  fc.tuple(fc.constantFrom('\0', '\xff', 'prefix'), fc.integer({ min: 1, max: 60 })),
)
const value: fc.Arbitrary<Text> = fc.oneof(
  fc.string({ unit: fc.constantFrom('v', 'w'), maxLength: 5 }),
  fc.tuple(fc.constant('v'), fc.integer({ min: 1, max: 9_000 })),
)
const bounds = fc.record(
  { gt: key, gte: key, lt: key, lte: key, prefix: key, reverse: fc.boolean() },
  { requiredKeys: [] },
)
const counts = fc.record({ limit: fc.nat(6), offset: fc.nat(4) }, { requiredKeys: [] })
const range: fc.Arbitrary<TextRange> = fc
  .tuple(bounds, counts)
  .map(([bound, count]) => ({ ...bound, ...count }))
const moves: fc.Arbitrary<Move[]> = fc.array(
  fc.oneof(
    fc.constantFrom<Move>('first', 'last', 'next', 'previous'),
    key.map((seek) => ({ seek })),
  ),
  { maxLength: 12 },
)
const step: fc.Arbitrary<BatchStep> = fc.oneof(
  fc.record({ do: fc.constant('put' as const), ks, key, value }),
  fc.record({ do: fc.constant('delete' as const), ks, key }),
  fc.record({ do: fc.constant('deleteRange' as const), ks, range: bounds }),
)
const from = fc.record({ from: fc.nat(3) }, { requiredKeys: [] })
const commands: fc.Arbitrary<Command>[] = [
  fc.record({ do: fc.constant('put' as const), ks, key, value }),
  fc.record({ do: fc.constant('delete' as const), ks, key }),
  fc.record({ do: fc.constant('deleteRange' as const), ks, range }),
  fc.record({ do: fc.constant('batch' as const), steps: fc.array(step, { maxLength: 20 }) }),
  fc.record({
    do: fc.constant('fill' as const),
    ks,
    group: fc.nat(2),
    count: fc.integer({ min: 1, max: 150 }),
    bytes: fc.nat(200),
  }),
  fc.record({
    do: fc.constant('thin' as const),
    ks,
    group: fc.nat(2),
    count: fc.integer({ min: 1, max: 150 }),
    every: fc.constantFrom(1, 2, 3),
  }),
  fc
    .tuple(
      fc.record({
        do: fc.constant('read' as const),
        ks,
        read: fc.constant('scan' as const),
        part: fc.constant('entries' as const),
        range,
      }),
      from,
    )
    .map(([read, where]) => ({ ...read, ...where })),
  fc.record({ do: fc.constant('read' as const), ks, read: fc.constant('count' as const), range }),
  fc.record({
    do: fc.constant('read' as const),
    ks,
    read: fc.constant('cursor' as const),
    range: bounds,
    moves,
  }),
  fc.record({ do: fc.constant('cursorOpen' as const), ks, range: bounds }),
  fc.record({ do: fc.constant('cursorMove' as const), pick: fc.nat(5), moves }),
  fc.record({ do: fc.constant('keyspace' as const), ks: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ do: fc.constantFrom('drop' as const), ks: fc.integer({ min: 1, max: 3 }) }),
  fc
    .constantFrom('snapshot', 'checkpoint', 'compact', 'verify', 'reopen', 'crash', 'stats')
    .map((name) => ({ do: name }) as Command),
  fc.record({ do: fc.constant('release' as const), pick: fc.nat(5) }),
]

/** Adapts a command to fast-check. The model is part of the run. */
class Step implements fc.Command<object, { readonly run: ModelRun }> {
  readonly command: Command

  constructor(command: Command) {
    this.command = command
  }

  check(): boolean {
    return true
  }

  run(_model: object, real: { readonly run: ModelRun }): void {
    real.run.step(this.command)
  }

  toString(): string {
    return JSON.stringify(this.command)
  }
}

const settings: fc.Arbitrary<RunSettings> = fc.record({
  durability: fc.constantFrom('full', 'periodic', 'none'),
  pageBytes: fc.constantFrom(512, 1024, 8192),
  cacheBytes: fc.constant(65_536),
  checkpointLogBytes: fc.constantFrom(2_000, 67_108_864),
  segmentBytes: fc.constantFrom(1_024, 65_536),
  preallocateBytes: fc.constantFrom(0, 4_096),
  keys: fc.constantFrom('binary', 'utf8'),
  values: fc.constantFrom('binary', 'utf8'),
})

test('generated commands return what the reference returns', () => {
  const steps = commands.map((command) => command.map((each) => new Step(each)))
  fc.assert(
    fc.property(settings, fc.commands(steps, { maxCommands: 150, size: 'max' }), (chosen, list) => {
      const run = new ModelRun(chosen)
      for (const open of [1, 2]) run.step({ do: 'keyspace', ks: open })
      fc.modelRun(() => ({ model: {}, real: { run } }), list)
      run.end()
    }),
    { numRuns: RUNS },
  )
})
