import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RecordArena } from './record-arena.js'
import {
  endPosition,
  findRecord,
  positionAfter,
  positionAtOrAfter,
  positionBefore,
  recordAt,
  RecordIndex,
} from './record-index.js'
import type { FrozenIndex } from './record-index.js'

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0))

function keysOf(index: FrozenIndex, arena: RecordArena): string[] {
  const keys: string[] = []
  for (let position = 0; recordAt(index, position) >= 0; position = positionAfter(index, position)) {
    keys.push(String.fromCharCode(...arena.key(recordAt(index, position))))
  }
  return keys
}

function keysBackward(index: FrozenIndex, arena: RecordArena): string[] {
  const keys: string[] = []
  for (
    let position = positionBefore(index, endPosition(index));
    position >= 0;
    position = positionBefore(index, position)
  ) {
    keys.push(String.fromCharCode(...arena.key(recordAt(index, position))))
  }
  return keys
}

const key = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '\xff'), maxLength: 5 })
const command = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('set' as const), keys: fc.array(key, { maxLength: 80 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), from: key, to: key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('freeze' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restore' as const), which: fc.nat() }) },
)

test('an index is a sorted set, and frozen states never change (M4, M17)', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 40 }), key, (commands, probe) => {
      const arena = new RecordArena(1 << 20)
      const index = new RecordIndex()
      let model = new Set<string>()
      const frozen: [FrozenIndex, Set<string>][] = []
      for (const each of commands) {
        if (each.do === 'set') {
          for (const text of each.keys) {
            const isNew = index.set(arena, arena.add(bytesOf(text), text.length, undefined, 0)) < 0
            expect(isNew).toBe(!model.has(text))
            model.add(text)
          }
        } else if (each.do === 'remove') {
          const from = positionAtOrAfter(index, arena, bytesOf(each.from))
          const to = positionAtOrAfter(index, arena, bytesOf(each.to))
          let removed = 0
          index.removeSpan(from, to, () => removed++)
          const removedKeys = [...model].filter((text) => text >= each.from && text < each.to)
          expect(removed).toBe(removedKeys.length)
          for (const text of removedKeys) model.delete(text)
        } else if (each.do === 'freeze') {
          frozen.push([index.freeze(), new Set(model)])
        } else {
          const saved = frozen[each.which % Math.max(1, frozen.length)]
          if (saved === undefined) continue
          index.restore(saved[0])
          model = new Set(saved[1])
        }
      }
      for (const [state, keys] of [[index, model] as const, ...frozen]) {
        const sorted = [...keys].sort()
        expect(keysOf(state, arena)).toEqual(sorted)
        expect(keysBackward(state, arena)).toEqual(sorted.reverse())
        expect(state.recordCount).toBe(keys.size)
        const found = findRecord(state, arena, bytesOf(probe), 0, probe.length)
        expect(found >= 0).toBe(keys.has(probe))
      }
    }),
    { numRuns: 300 },
  )
})

test('blocks split and fill for any key order', () => {
  for (const step of [1, -1, 7]) {
    const arena = new RecordArena(1 << 22)
    const index = new RecordIndex()
    const count = 5_003
    for (let number = 0; number < count; number++) {
      const text = String((((number * step) % count) + count) % count).padStart(5, '0')
      index.set(arena, arena.add(bytesOf(text), 5, undefined, 0))
    }
    expect(keysOf(index, arena)).toEqual(
      Array.from({ length: count }, (_, each) => String(each).padStart(5, '0')),
    )
    if (step === 1) expect(index.blocks.length).toBe(Math.ceil(count / 256))
  }
})
