const FIRST_NAMES = [
  'Ada',
  'Grace',
  'Alan',
  'Edsger',
  'Barbara',
  'Donald',
  'Frances',
  'John',
  'Ken',
  'Dennis',
]
const LAST_NAMES = [
  'Lovelace',
  'Hopper',
  'Turing',
  'Dijkstra',
  'Liskov',
  'Knuth',
  'Allen',
  'Backus',
  'Ritchie',
]
const CITIES = ['Berlin', 'Paris', 'London', 'Madrid', 'Rome', 'Vienna', 'Prague', 'Oslo', 'Lisbon', 'Dublin']
const PLANS = ['free', 'trial', 'standard', 'premium']

const ENCODER = new TextEncoder()

/** Creates JSON records of about 400 bytes, as an application stores them, the same for each seed. */
export class RecordValues {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  /** Returns the next value. */
  next(): Uint8Array {
    const first = this.#one(FIRST_NAMES)
    const last = this.#one(LAST_NAMES)
    return ENCODER.encode(
      JSON.stringify({
        id: this.#below(1e9),
        token: this.#below(2 ** 28).toString(16),
        name: `${first} ${last}`,
        email: `${first.toLowerCase()}.${last.toLowerCase()}${this.#below(1000)}@example.com`,
        age: 18 + this.#below(70),
        active: this.#below(3) > 0,
        address: {
          street: `${1 + this.#below(300)} ${this.#one(LAST_NAMES)} Street`,
          city: this.#one(CITIES),
          postalCode: String(10_000 + this.#below(90_000)),
          country: 'DE',
        },
        plan: this.#one(PLANS),
        tags: [this.#one(PLANS), 'newsletter'],
        createdAt: new Date(1_600_000_000_000 + this.#below(100_000_000) * 1000).toISOString(),
        updatedAt: new Date(1_700_000_000_000 + this.#below(50_000_000) * 1000).toISOString(),
        balance: this.#below(1e6) / 100,
        visits: this.#below(500),
      }),
    )
  }

  #one(choices: readonly string[]): string {
    return choices[this.#below(choices.length)] ?? ''
  }

  /** Returns a pseudorandom whole number below a limit. */
  #below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) | 0
    return Math.floor(((this.#state >>> 4) / 2 ** 28) * limit)
  }
}
