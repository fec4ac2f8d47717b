// Stores with deliberate defects, each of which its harness must catch.
import { LdbError } from '@ldb/base'
import type { Vfs, VfsFile } from '@ldb/vfs'
import { bytesOf, textOf } from '../src/base/byte-text.js'
import type { History } from '../src/history/history.js'
import { COMMON_RULES } from '../src/trace/order-rules.js'
import { attemptCommit } from '../src/suite/subject.js'
import type { Subject, SubjectRun, SubjectSession } from '../src/suite/subject.js'
import type { TestRandom } from '../src/base/test-random.js'

/** The defect of a {@link TinyStore}. */
export type Fault =
  | 'none'
  | 'acknowledges before the sync'
  | 'does not sync the directory'
  | 'does not sync the new file'
  | 'writes in place'
  | 'swallows read errors'
  | 'goes on after a failed write'
  | 'throws other errors'

/** A store of one entry in one file, which each commit replaces by a rename. */
export function tinySubject(fault: Fault): Subject {
  return { name: `tiny, ${fault}`, newRun: () => new TinyRun(fault) }
}

class TinyRun implements SubjectRun {
  readonly settings = ''
  readonly rules = COMMON_RULES
  readonly isLog = (path: string): boolean => path === 'store'
  readonly fault: Fault

  constructor(fault: Fault) {
    this.fault = fault
  }

  open(vfs: Vfs, history: History): SubjectSession {
    const session = new TinyStore(vfs, this.fault)
    // A rename by an earlier process may not be durable.
    vfs.syncDirectory('.')
    session.load()
    history.isCreated = true
    return session
  }
}

class TinyStore implements SubjectSession {
  isOpen = true
  readonly #vfs: Vfs
  readonly #fault: Fault
  #value = ''
  #failed = false

  constructor(vfs: Vfs, fault: Fault) {
    this.#vfs = vfs
    this.#fault = fault
  }

  async step(random: TestRandom, history: History): Promise<void> {
    const value = textOf(random.bytes(random.between(600, 3000)))
    const commit = attemptCommit(history, [{ kind: 'put', space: 's', key: 'k', value }], () => {
      if (this.#failed && this.#fault !== 'goes on after a failed write')
        throw new LdbError('LDB_POISONED', 'failed')
      try {
        this.#write(value)
      } catch (error) {
        this.#failed = true
        throw error
      }
    })
    history.acknowledgeDurable(commit)
  }

  observe(history: History, least: number): number {
    return history.match(new Map(this.#value === '' ? [] : [['s/k', this.#value]]), least)
  }

  verify(): string[] {
    return []
  }

  close(): void {
    this.isOpen = false
  }

  load(): void {
    if (this.#vfs.status('store') === undefined) return
    try {
      const file = this.#vfs.open('store', 'read')
      const bytes = new Uint8Array(file.length())
      file.read(bytes, 0, bytes.length, 0)
      file.close()
      this.#value = textOf(bytes)
    } catch (error) {
      if (this.#fault !== 'swallows read errors') throw error
    }
  }

  #write(value: string): void {
    const fault = this.#fault
    const path = fault === 'writes in place' ? 'store' : 'store.new'
    const file = this.#vfs.open(path, 'create')
    try {
      this.#fill(file, bytesOf(value))
    } catch (error) {
      if (fault === 'throws other errors') throw new TypeError('oops')
      throw error
    } finally {
      file.close()
    }
    if (fault !== 'writes in place') this.#vfs.rename(path, 'store')
    if (fault !== 'does not sync the directory' && fault !== 'acknowledges before the sync') {
      this.#vfs.syncDirectory('.')
    }
    this.#value = value
  }

  #fill(file: VfsFile, bytes: Uint8Array): void {
    file.truncate(0)
    file.write(bytes, 0, bytes.length, 0)
    if (this.#fault !== 'does not sync the new file' && this.#fault !== 'acknowledges before the sync')
      file.sync()
  }
}
