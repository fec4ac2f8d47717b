// Strategy: the sweep gets expectations that it must report as violated: other data, a dead byte declared as live, a missing
// commit.
// Invariants: each of them is reported as a Violation.
import { OverlayVfs } from '@ldb/vfs'
import { describe, expect, it } from 'vitest'
import { runCorruptionCase } from '../../src/corruption/corruption-case.js'
import { imageVfs } from '../../src/corruption/directory-image.js'
import { foreignFilesSuite } from '../../src/corruption/foreign-suite.js'
import { GOLDEN_ENDINGS, makeGolden } from '../../src/corruption/golden.js'
import { Liveness } from '../../src/corruption/liveness.js'

const golden = makeGolden(1, 'open')
const rules = { golden, leastSeq: golden.lastSeq, mustReport: false, isReadOnly: true, isThorough: true }

describe('the corruption sweep', () => {
  it.each(GOLDEN_ENDINGS)('finds nothing in a golden database that was left %s', (ending) => {
    const sound = makeGolden(2, ending)
    for (const isReadOnly of [true, false]) {
      const outcome = runCorruptionCase(imageVfs(sound.image), {
        ...rules,
        golden: sound,
        leastSeq: sound.lastSeq,
        isReadOnly,
      })
      expect(outcome).toEqual({ answer: 'unharmed', lostCount: 0 })
    }
    expect(new Liveness(sound).liveBytes).toBeGreaterThan(100_000)
  })

  it('reports data that differ from the written data', () => {
    const [first] = golden.entriesAt(golden.lastSeq, 'default')
    const expected = {
      ...golden,
      entriesAt: (seq: number, space: string) => {
        const entries = golden.entriesAt(seq, space)
        return space === 'default'
          ? [[first?.[0] ?? '', 'another value'] as const, ...entries.slice(1)]
          : entries
      },
    }
    expect(() => runCorruptionCase(imageVfs(golden.image), { ...rules, golden: expected })).toThrow(
      'another value',
    )
  })

  it('reports a missing entry and an additional one', () => {
    for (const change of [-1, 1]) {
      const expected = {
        ...golden,
        entriesAt: (seq: number, space: string) => {
          const entries = golden.entriesAt(seq, space)
          return change < 0 ? entries.slice(0, -1) : [...entries, ['~', 'more'] as const]
        },
      }
      const run = (): unknown => runCorruptionCase(imageVfs(golden.image), { ...rules, golden: expected })
      expect(run).toThrow(change < 0 ? 'an additional entry' : 'entries')
    }
  })

  it('reports damage that verify does not find', () => {
    expect(() => runCorruptionCase(imageVfs(golden.image), { ...rules, mustReport: true })).toThrow(
      'verify finds nothing',
    )
  })

  it('reports missing commits', () => {
    const least = { ...rules, leastSeq: golden.lastSeq + 1 }
    expect(() => runCorruptionCase(imageVfs(golden.image), least)).toThrow('found at commit')
  })

  it('reports errors without a code', () => {
    const vfs = new OverlayVfs(imageVfs(golden.image))
    vfs.list = () => {
      throw new TypeError('not an LdbError')
    }
    expect(() => runCorruptionCase(vfs, rules)).toThrow('open throws TypeError')
  })
})

describe('objects that are not files', () => {
  it('are refused or do no harm', async () => {
    const counts = await foreignFilesSuite.runCase(1)
    expect(counts['foreignCases']).toBeGreaterThan(40)
  })
})
