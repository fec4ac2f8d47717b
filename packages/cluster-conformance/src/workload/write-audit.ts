import { isLdbError } from '@ldb/base'
import type { ClusterKeyspace } from '@ldb/cluster'

interface WriteCounts {
  acknowledged: number
  failed: number
  unknown: number
  lost: number
  doubled: number
  reordered: number
}

type Answer = 'acknowledged' | 'failed' | 'unknown'

/**
 * Writes of one client and what it was answered: unique keys (each acknowledged one must be there, each one that failed for certain must not), a counter (each increment
 * once), and a register that the client alone writes (no read may be older than the newest acknowledged write).
 */
export class WriteAudit {
  readonly counts: WriteCounts = { acknowledged: 0, failed: 0, unknown: 0, lost: 0, doubled: 0, reordered: 0 }
  readonly findings: string[] = []
  /** Keys of the acknowledged unique writes that `verify` has found. */
  readonly presentKeys: string[] = []
  readonly #own: number
  readonly #writes: ClusterKeyspace<string, number>
  readonly #answers: Map<string, Answer> = new Map()
  readonly #increments: Record<Answer, number> = { acknowledged: 0, failed: 0, unknown: 0 }
  #number = 0
  /** Newest value of the register that was acknowledged. */
  #register = 0

  constructor(own: number, writes: ClusterKeyspace<string, number>) {
    this.#own = own
    this.#writes = writes
  }

  /** Makes one write of each kind. */
  async step(): Promise<void> {
    const number = ++this.#number
    const key = `unique-${this.#own}-${number}`
    this.#answers.set(key, await this.#answer(() => this.#writes.put(key, number)))
    const counter = `counter-${this.#own}`
    this.#increments[await this.#answer(() => this.#writes.update(counter, (value) => (value ?? 0) + 1))]++
    const register = `register-${this.#own}`
    if ((await this.#answer(() => this.#writes.put(register, number))) === 'acknowledged')
      this.#register = number
    const read = await this.#writes.get(register).catch(() => Infinity)
    if ((read ?? 0) < this.#register)
      this.#find('reordered', `${register} is read as ${read} after ${this.#register}`)
  }

  /** Compares the answers with what another client finds. */
  async verify(writes: ClusterKeyspace<string, number>): Promise<void> {
    const there = new Set(await writes.keys({ prefix: `unique-${this.#own}-` }).toArray())
    for (const [key, answer] of this.#answers) {
      if (answer === 'acknowledged' && there.has(key)) this.presentKeys.push(key)
      if (answer === 'acknowledged' && !there.has(key))
        this.#find('lost', `${key} was acknowledged and is not there`)
      if (answer === 'failed' && there.has(key)) this.#find('doubled', `${key} has failed and is there`)
    }
    const { acknowledged, unknown } = this.#increments
    const count = (await writes.get(`counter-${this.#own}`)) ?? 0
    if (count < acknowledged)
      this.#find('lost', `${acknowledged} increments were acknowledged, ${count} are there`)
    if (count > acknowledged + unknown)
      this.#find('doubled', `${acknowledged} increments and ${unknown} unknown ones have counted ${count}`)
    const register = (await writes.get(`register-${this.#own}`)) ?? 0
    if (register < this.#register)
      this.#find('reordered', `the register is ${register} after ${this.#register}`)
  }

  async #answer(write: () => Promise<unknown>): Promise<Answer> {
    let answer: Answer = 'acknowledged'
    try {
      await write()
    } catch (error) {
      if (isLdbError(error, 'LDB_COMMIT_UNKNOWN')) answer = 'unknown'
      else if (isLdbError(error, 'LDB_IO') || isLdbError(error, 'LDB_CONFLICT')) answer = 'failed'
      else throw error
    }
    this.counts[answer]++
    return answer
  }

  #find(kind: 'lost' | 'doubled' | 'reordered', finding: string): void {
    this.counts[kind]++
    this.findings.push(finding)
  }
}
