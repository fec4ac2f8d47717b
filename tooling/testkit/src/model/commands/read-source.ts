import type { TestRandom } from '../../base/test-random.js'
import type { Move, Read, ScanEnd, ScanPart, Stage, TextRange } from './commands.js'
import type { TextSource } from './text-source.js'
import { times } from './times.js'

const ENDS: readonly ScanEnd[] = ['toArray', 'forEach', 'reduce', 'some', 'every', 'find', 'break']
const READ_WEIGHTS = {
  get: 20,
  has: 4,
  expiresAt: 1,
  getMany: 3,
  scan: 12,
  count: 4,
  estimate: 2,
  cursor: 6,
} as const

/** Generates ranges, reads, scan stages and cursor moves. */
export class ReadSource {
  readonly #random: TestRandom
  readonly #texts: TextSource

  constructor(random: TestRandom, texts: TextSource) {
    this.#random = random
    this.#texts = texts
  }

  read(): Read {
    const random = this.#random
    const read = random.weighted(READ_WEIGHTS)
    switch (read) {
      case 'get':
      case 'has':
      case 'expiresAt':
        return { read, key: this.#texts.key() }
      case 'getMany':
        return { read, keys: times(random.between(0, 5), () => this.#texts.key()) }
      case 'scan': {
        const end = random.chance(0.4) ? { end: random.pick(ENDS) } : {}
        const stages = random.chance(0.3) ? { stages: this.stages() } : {}
        return { read, part: this.part(), ...this.maybeRange(), ...stages, ...end }
      }
      case 'count':
      case 'estimate':
        return { read, ...this.maybeRange() }
      case 'cursor':
        return { read, range: this.bounds(), moves: this.moves() }
    }
  }

  moves(): Move[] {
    const random = this.#random
    return times(random.between(1, 14), () => {
      const move = random.weighted({ first: 2, last: 2, next: 8, previous: 8, seek: 4 })
      return move === 'seek' ? { seek: this.#texts.key() } : move
    })
  }

  stages(): Stage[] {
    const random = this.#random
    return times(random.pick([0, 0, 1, 2]), (): Stage => {
      const name = random.pick(['map', 'filter', 'flatMap', 'take', 'drop'] as const)
      return name === 'take' || name === 'drop' ? [name, random.below(5)] : [name]
    })
  }

  part(): ScanPart {
    return this.#random.pick(['entries', 'entries', 'keys', 'values'])
  }

  maybeRange(): { readonly range?: TextRange } {
    return this.#random.chance(0.15) ? {} : { range: this.#range() }
  }

  #range(): TextRange {
    const random = this.#random
    return {
      ...this.bounds(),
      ...(random.chance(0.5) ? { limit: random.pick([0, 1, 2, 3, 5, 20]) } : {}),
      ...(random.chance(0.25) ? { offset: random.pick([0, 1, 2, 7, 100]) } : {}),
    }
  }

  /** Returns a range that rarely contains all entries. */
  narrowRange(): TextRange {
    const random = this.#random
    if (random.chance(0.05)) return this.#range()
    return random.chance(0.5)
      ? { ...this.#range(), limit: random.between(0, 5) }
      : { ...this.#range(), gte: this.#texts.key(), lt: this.#texts.key() }
  }

  bounds(): TextRange {
    const random = this.#random
    const bound = (name: 'gt' | 'gte' | 'lt' | 'lte', probability: number): TextRange =>
      random.chance(probability) ? { [name]: this.#texts.key() } : {}
    return {
      ...bound('gt', 0.2),
      ...bound('gte', 0.3),
      ...bound('lt', 0.3),
      ...bound('lte', 0.2),
      ...(random.chance(0.2) ? { prefix: this.#texts.prefix() } : {}),
      ...(random.chance(0.4) ? { reverse: random.chance(0.8) } : {}),
    }
  }
}
