import { describe, expect, it } from 'vitest'
import { Fifo } from './fifo.js'

describe('Fifo', () => {
  it('returns elements in the order in which they were added', () => {
    const queue = new Fifo<number>()
    const model: number[] = []
    let next = 0
    // Grows to several thousand elements, and shrinks again, so that the array is compacted.
    for (let step = 0; step < 20_000; step++) {
      const isGrowing = step % 10_000 < 6_000
      if ((step % 3 !== 0) === isGrowing) {
        queue.push(next)
        model.push(next++)
      } else if (queue.shift() !== model.shift()) expect.unreachable(`another element in step ${step}`)
      if (queue.length !== model.length || queue.first !== model[0] || queue.last !== model.at(-1))
        expect.unreachable(`another state after step ${step}`)
    }
    expect(Array.from(model, (_, index) => queue.at(index))).toEqual(model)
    expect(queue.at(model.length)).toBeUndefined()
  })

  it('removes from both ends, and can be cleared', () => {
    const queue = new Fifo<string>()
    expect([queue.shift(), queue.pop(), queue.first, queue.last]).toEqual(Array(4).fill(undefined))
    for (const element of ['a', 'b', 'c']) queue.push(element)
    expect([queue.pop(), queue.shift(), queue.pop(), queue.length]).toEqual(['c', 'a', 'b', 0])
    for (const element of ['d', 'e']) queue.push(element)
    queue.unshift(queue.shift() ?? '')
    queue.unshift('c')
    expect([queue.shift(), queue.shift(), queue.shift(), queue.length]).toEqual(['c', 'd', 'e', 0])
    queue.push('f')
    queue.clear()
    expect([queue.length, queue.first]).toEqual([0, undefined])
  })
})
