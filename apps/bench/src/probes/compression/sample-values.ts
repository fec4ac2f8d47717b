/** Kinds of values whose compression is measured. */
export const SAMPLE_KINDS = ['JSON', 'text', 'random'] as const

/** One of {@link SAMPLE_KINDS}. */
export type SampleKind = (typeof SAMPLE_KINDS)[number]

const WORDS =
  'the of and to in is you that it he was for on are as with his they at be this have from or one had by word but not what all were we when your can said there use an each which she do how their if will up other about out many then them these so some her would make like him into time has look two more write go see number no way could people my than first water been call who oil its now find long down day did get come made may part'.split(
    ' ',
  )
const FIRST_NAMES = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Donald', 'Leslie', 'Tony', 'Frances']

const ENCODER = new TextEncoder()

/** Creates values of one kind, the same for each seed. */
export class SampleValues {
  readonly #kind: SampleKind
  #state: number

  constructor(kind: SampleKind, seed: number) {
    this.#kind = kind
    this.#state = seed
  }

  /** Returns the next value, of about 120 bytes. */
  next(): Uint8Array {
    if (this.#kind === 'random') return Uint8Array.from({ length: 120 }, () => this.#below(256))
    return ENCODER.encode(this.#kind === 'JSON' ? this.#json() : this.#text())
  }

  #json(): string {
    return JSON.stringify({
      id: this.#below(1e9),
      name: FIRST_NAMES[this.#below(FIRST_NAMES.length)],
      email: `user${this.#below(1e6)}@example.com`,
      active: this.#below(2) === 1,
      score: this.#below(1e6) / 1e3,
      tags: ['new', `group ${this.#below(20)}`],
    })
  }

  /** Words of English; the first of the list are more frequent. */
  #text(): string {
    let text = ''
    while (text.length < 120) {
      const word = WORDS[Math.min(this.#below(WORDS.length), this.#below(WORDS.length))] ?? ''
      text += `${word} `
    }
    return text
  }

  /** Returns a pseudorandom whole number below a limit. */
  #below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) | 0
    return Math.floor(((this.#state >>> 4) / 2 ** 28) * limit)
  }
}
