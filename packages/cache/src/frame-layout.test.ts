import { expect, test } from 'vitest'
import { arenaAt } from './frame-layout.js'
import { PageCache } from './page-cache.js'

const PAGE_BYTES = 512

function viewAt(cache: PageCache, frame: number): DataView {
  const offset = cache.layout.offsetOf(frame)
  const { buffer, byteOffset } = cache.arenas[arenaAt(offset)]!
  return new DataView(buffer, byteOffset + offset, PAGE_BYTES)
}

/** Returns the different words of a page. */
function wordsOf(view: DataView): Set<number> {
  const words = new Set<number>()
  for (let at = 0; at < PAGE_BYTES; at += 4) words.add(view.getUint32(at))
  return words
}

test('a cache of several arenas adds them one by one, and every attached file receives each', () => {
  const arenaBytes = 64 * PAGE_BYTES
  const cache = new PageCache({ bytes: 200 * PAGE_BYTES, pageBytes: PAGE_BYTES, arenaBytes })
  const received: [number, Uint8Array][] = []
  const space = cache.attach({
    writePage: () => undefined,
    replaceArena: (arena, bytes) => received.push([arena, bytes]),
  })
  const frames: number[] = []
  for (let page = 1; page <= 200; page += 1) {
    const frame = space.claim(page)
    frames.push(frame)
    expect(cache.arenas.length).toBe(Math.ceil(page / 64))
    const view = viewAt(cache, frame)
    // No byte of a page is one of another page.
    expect(wordsOf(view)).toEqual(new Set([0]))
    for (let at = 0; at < PAGE_BYTES; at += 4) view.setUint32(at, page)
  }
  expect(received).toEqual([...cache.arenas.entries()])
  expect(new Set(cache.arenas.map(({ buffer }) => buffer)).size).toBe(4)
  expect(cache.layout.offsetOf(frames[0]!)).toBe(0)
  for (let page = 1; page <= 200; page += 1) {
    const frame = space.peek(page)
    const offset = cache.layout.offsetOf(frame)
    expect([offset % 4, cache.layout.frameOf(offset)]).toEqual([0, frame])
    expect(wordsOf(viewAt(cache, frame))).toEqual(new Set([page]))
  }
  expect(cache.stats()).toMatchObject({ frameCount: 200, residentCount: 200, evictionCount: 0 })
  space.claim(201)
  expect(cache.stats()).toMatchObject({ residentCount: 200, evictionCount: 1 })
})

test('a cache of more than 2 GiB has arenas of 1 GiB, whose offsets are small integers', () => {
  const { layout } = new PageCache({ bytes: 2 ** 36, pageBytes: 8192, hashIndexBytes: 0 })
  for (const frame of [0, 131_071, 131_072, 2 ** 23 - 1]) {
    const offset = layout.offsetOf(frame)
    expect([layout.frameOf(offset), arenaAt(offset)]).toEqual([frame, frame >> 17])
    expect(offset).toBeLessThan(2 ** 30)
  }
  expect(new PageCache({ bytes: 2 ** 31 - 65_536, pageBytes: 8192 }).layout.isSingle).toBe(true)
  expect(new PageCache({ bytes: 2 ** 31, pageBytes: 8192 }).layout.isSingle).toBe(false)
})
