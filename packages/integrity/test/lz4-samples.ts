import fc from 'fast-check'

/** Deterministic bytes without repetitions. */
export function noise(length: number, seed: number): Uint8Array {
  let state = seed
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return state >>> 24
  })
}

/** Joins bytes. */
export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts))
}

/** Text that repeats itself. */
export const text: Uint8Array = new TextEncoder().encode(
  Array.from({ length: 80 }, (_, index) => `{"id":${index * 37},"name":"user ${index % 7}"}`).join('\n'),
)

/** Bytes of literals, runs and copies of earlier bytes. */
export const compressible: fc.Arbitrary<Uint8Array> = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 300, size: 'max' }).map((bytes) => ({ bytes, back: 0, count: 0 })),
      fc.record({
        bytes: fc.constant(new Uint8Array(0)),
        back: fc.integer({ min: 1, max: 70_000 }),
        count: fc.nat(700),
      }),
    ),
    { maxLength: 30 },
  )
  .map((parts) => {
    const raw: number[] = []
    for (const { bytes, back, count } of parts) {
      raw.push(...bytes)
      for (let rest = back > raw.length ? 0 : count; rest > 0; rest--) raw.push(raw[raw.length - back]!)
    }
    return Uint8Array.from(raw)
  })
