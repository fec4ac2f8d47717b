import { expect, test } from 'vitest'
import { TreeHarness, entriesOf, findingsOf } from './tree-harness.js'

function rng(seed: number) {
  let s = seed >>> 0
  return (n: number) => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0
    return Math.floor((s / 2 ** 32) * n)
  }
}
for (const [pageBytes, cachePages] of [
  [512, 32],
  [512, 1000],
  [1024, 40],
  [8192, 64],
] as const)
  for (let seed = 1; seed <= 6; seed += 1)
    test(`shake ${pageBytes} ${cachePages} ${seed}`, () => {
      const h = new TreeHarness({ pageBytes, cachePages })
      const r = rng(seed * 7919)
      const prefixes = [
        '',
        'a',
        'https://example.com/users/',
        '\u0000\u0000\u0000',
        '\u00ff\u00ff',
        'x'.repeat(100),
      ]
      const key = () => {
        const p = prefixes[r(seed === 1 ? 1 : prefixes.length)]!
        let k = p + String(r(3000))
        if (r(40) === 0) k += 'y'.repeat(r(pageBytes))
        return k
      }
      const value = () => {
        const t = r(30)
        return 'v'.repeat(t === 0 ? r(pageBytes * 5) : t < 5 ? r(pageBytes >> 2) : r(60))
      }
      const snaps: { s: ReturnType<typeof h.tree.snapshot>; e: [string, string][] }[] = []
      let durable = new Map<string, string>()
      for (let i = 0; i < 4000; i += 1) {
        const op = r(1000)
        try {
          if (op < 600) h.put(key(), value())
          else if (op < 900) h.delete(key())
          else if (op < 930) {
            const a = key()
            const b = key()
            h.deleteRange(a < b ? a : b, a < b ? b : a)
          } else if (op < 932) h.deleteRange(key(), undefined)
          else if (op < 933) h.deleteRange('', undefined)
          else if (op < 940) {
            h.tree.checkpoint({ shrink: r(3) === 0 })
            durable = new Map(h.model)
          } else if (op < 950) {
            if (snaps.length < 5) snaps.push({ s: h.tree.snapshot(), e: h.expected() })
          } else if (op < 960 && snaps.length > 0) {
            const { s, e } = snaps.splice(r(snaps.length), 1)[0]!
            expect(entriesOf(s)).toEqual(e)
            s.release()
          } else if (op < 963 && snaps.length === 0) {
            h.reopen()
            h.model = new Map(durable)
          } else if (op < 970) {
            expect(findingsOf(h.tree)).toEqual([])
          } else if (op < 975) {
            expect(h.actual()).toEqual(h.expected())
          }
        } catch (e) {
          ;(e as Error).message += ` at op ${i}`
          throw e
        }
      }
      for (const { s, e } of snaps) {
        expect(entriesOf(s)).toEqual(e)
        s.release()
      }
      expect(h.tree.entryCount).toBe(h.model.size)
      expect(h.actual()).toEqual(h.expected())
      expect(findingsOf(h.tree)).toEqual([])
      h.tree.checkpoint({ shrink: true })
      expect(findingsOf(h.tree)).toEqual([])
      h.deleteRange('', undefined)
      h.tree.checkpoint({ shrink: true })
      expect(findingsOf(h.tree)).toEqual([])
      expect(h.tree.stats().fileBytes).toBeLessThan(8192 + 8 * pageBytes)
    })
