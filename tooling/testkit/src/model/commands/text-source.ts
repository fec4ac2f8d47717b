import type { TestRandom } from '../../base/test-random.js'
import type { Text } from './commands.js'

/** The shape of the keys and values of a run. */
export interface TextShape {
  /** Number of distinct plain keys. */
  readonly keyCount: number
  readonly prefix: string
  /** Upper bound of the length of most values. */
  readonly valueBytes: number
  /** Whether some keys and values have the greatest allowed length or more. */
  readonly hasGiants: boolean
  /** Whether keys contain characters above 0x7F, which are two bytes in UTF-8. */
  readonly isWide: boolean
  /** Greatest number of entries of a bulk write. */
  readonly bulkCount: number
}

/**
 * Generates keys and values: few distinct keys, so that commands collide, and lengths at the limits of pages and
 * formats.
 */
export class TextSource {
  readonly #random: TestRandom
  readonly #shape: TextShape

  constructor(random: TestRandom, shape: TextShape) {
    this.#random = random
    this.#shape = shape
  }

  /** Returns a prefix of many keys, of few or of none. */
  prefix(): Text {
    const random = this.#random
    return random.pick<Text>([
      '',
      'k',
      'key0',
      'fill1-',
      '\0',
      this.#shape.prefix,
      this.#shape.isWide ? '\xff' : '~',
      this.key(),
    ])
  }

  /** Returns a key. */
  key(): Text {
    const random = this.#random
    const { keyCount, prefix, isWide, hasGiants } = this.#shape
    switch (
      random.weighted({
        plain: 120,
        filled: 20,
        short: 24,
        zeros: 6,
        high: 6,
        empty: 4,
        long: 8,
        name: 4,
        giant: hasGiants ? 1 : 0,
      })
    ) {
      case 'plain':
        return `${prefix}key${String(random.below(keyCount)).padStart(4, '0')}`
      case 'filled':
        return `fill${random.below(4)}-${String(random.below(this.#shape.bulkCount)).padStart(6, '0')}`
      case 'short':
        return Array.from({ length: random.between(0, 3) }, () =>
          random.pick(['\0', 'a', 'b', '\x01', isWide ? '\xff' : '~']),
        ).join('')
      case 'zeros':
        return ['\0', random.between(1, 40)]
      case 'high':
        return [isWide ? '\xff' : '\x7f', random.between(1, 40)]
      case 'empty':
        return ''
      case 'long':
        return ['prefix', random.between(1, 60)]
      case 'name':
        return random.pick(['__proto__', 'constructor', 'toString', 'length'])
      case 'giant':
        return [isWide ? random.pick(['k', '\xff']) : 'k', random.pick([65_534, 65_535, 65_536])]
    }
  }

  /** Returns a value. */
  value(): Text {
    const random = this.#random
    const { valueBytes, hasGiants } = this.#shape
    switch (random.weighted({ tagged: 120, empty: 8, run: 40, page: 12, giant: hasGiants ? 1 : 0 })) {
      case 'tagged':
        return String(random.below(100_000))
      case 'empty':
        return ''
      case 'run':
        return [random.pick(['v', 'w', '\0']), random.below(valueBytes)]
      case 'page':
        // Lengths around the sizes at which a value moves out of line and a page splits.
        return [
          'p',
          Math.max(0, random.pick([128, 256, 512, 1024, 2048, 4096, 8192]) + random.between(-40, 8)),
        ]
      case 'giant':
        return ['g', random.pick([65_535, 65_536, 100_000, 300_000])]
    }
  }
}
