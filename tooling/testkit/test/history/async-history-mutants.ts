import { LdbError } from '@ldb/base'
import type { AsyncTransaction } from '@ldb/core'
import { AsyncEngine, EngineTransaction } from '../../src/history-checker/async/engine.js'
import type { AsyncHistoryOptions } from '../../src/history-checker/async/suite.js'
import type { EngineBegin, EngineContent } from '../../src/history-checker/async/engine.js'
import type { PlannedStep } from '../../src/history-checker/history-choices.js'
import type { RecordedEvent } from '../../src/history-checker/recorded-history.js'
import { microtasks } from '../../src/history-checker/async/slow-vfs.js'

/** Acknowledges single writes before they commit. */
class EarlyAcknowledgement extends AsyncEngine {
  override put(name: string, value: string): Promise<void> {
    super.put(name, value).catch(() => undefined)
    return Promise.resolve()
  }
}

/** Delays the commit of transactions past later commit calls. */
class OutOfOrder extends AsyncEngine {
  override wrap(inner: AsyncTransaction): EngineTransaction {
    return new (class extends EngineTransaction {
      override async commit(): Promise<void> {
        this.onCommit?.()
        this.onCommit = undefined
        await microtasks(this.seq % 3)
        await super.commit()
      }
    })(this, inner)
  }
}

/** Shows single writes to transactions before they commit. */
class DirtyRead extends AsyncEngine {
  readonly called: Map<string, string> = new Map()

  override async put(name: string, value: string): Promise<void> {
    this.called.set(name, value)
    try {
      await super.put(name, value)
    } finally {
      this.called.delete(name)
    }
  }

  override wrap(inner: AsyncTransaction): EngineTransaction {
    const { called } = this
    return new (class extends EngineTransaction {
      override async step(step: PlannedStep): Promise<RecordedEvent> {
        const event = await super.step(step)
        const dirty = event.do === 'get' ? called.get(event.name) : undefined
        return event.do === 'get' && dirty !== undefined ? { ...event, value: dirty } : event
      }
    })(this, inner)
  }
}

/** Executes an update as a read and a separate write. */
class TornUpdate extends AsyncEngine {
  override async update(name: string, change: (value: string | undefined) => string): Promise<string> {
    const next = change(await this.of(name).get(name.slice(2)))
    await this.put(name, next)
    return next
  }
}

/** Reads the newest commit instead of the snapshot. */
class NoSnapshot extends AsyncEngine {
  override wrap(inner: AsyncTransaction): EngineTransaction {
    const engine = this as AsyncEngine
    return new (class extends EngineTransaction {
      override async step(step: PlannedStep): Promise<RecordedEvent> {
        const event = await super.step(step)
        if (event.do !== 'get' || event.value === undefined) return event
        return { ...event, value: (await engine.of(event.name).get(event.name.slice(2))) ?? event.value }
      }
    })(this, inner)
  }
}

/** Writes the last put of a transaction although its commit conflicted. */
class PartialConflict extends AsyncEngine {
  override wrap(inner: AsyncTransaction): EngineTransaction {
    return new (class extends EngineTransaction {
      #last: RecordedEvent | undefined = undefined

      override async step(step: PlannedStep): Promise<RecordedEvent> {
        return (this.#last = await super.step(step))
      }

      override async commit(): Promise<void> {
        try {
          await super.commit()
        } catch (error) {
          const last = this.#last
          if (last?.do === 'put') await this.engine.of(last.name).put(last.name.slice(2), last.value)
          throw error
        }
      }
    })(this, inner)
  }
}

/** Reports an abort after the commit has completed. */
class LateAbort extends AsyncEngine {
  override wrap(inner: AsyncTransaction): EngineTransaction {
    return new (class extends EngineTransaction {
      override async commit(signal?: AbortSignal): Promise<void> {
        await super.commit()
        if (signal !== undefined) throw new LdbError('LDB_ABORTED', 'a signal')
      }
    })(this, inner)
  }
}

/** Begins transactions from an older snapshot. */
class OldSnapshot extends AsyncEngine {
  #older: AsyncTransaction | undefined = undefined

  override begin(options: EngineBegin): EngineTransaction {
    const old = this.#older
    this.#older = this.db.begin(options)
    return this.wrap(old?.isOpen === true ? old : this.db.begin(options))
  }
}

/** Retries with the reads of the first attempt. */
class StaleRetry extends AsyncEngine {
  override transaction(
    run: (transaction: EngineTransaction, attempt: number) => Promise<void>,
    options: Parameters<AsyncEngine['transaction']>[1],
  ): Promise<void> {
    const read = new Map<string, string | undefined>()
    return super.transaction((transaction, attempt) => {
      const step = transaction.step.bind(transaction)
      transaction.step = async (planned): Promise<RecordedEvent> => {
        const event = await step(planned)
        if (event.do !== 'get') return event
        const value = read.has(event.name) ? read.get(event.name) : event.value
        read.set(event.name, value)
        return { ...event, value }
      }
      return run(transaction, attempt)
    }, options)
  }
}

/** Loses a key at the open. */
class LosesKey extends AsyncEngine {
  override content(): EngineContent {
    const { marks, entries } = super.content()
    const [first] = entries.keys()
    return { marks, entries: new Map([...entries].filter(([name]) => name !== first)) }
  }
}

/** Loses the newest transaction at the open. */
class LosesCommit extends AsyncEngine {
  override content(): EngineContent {
    const { marks, entries } = super.content()
    const last = Math.max(...marks)
    return { entries, marks: new Set([...marks].filter((id) => id !== last)) }
  }
}

/** Commits the keyspaces of a transaction one after the other. */
class NonAtomicCommit extends AsyncEngine {
  override wrap(inner: AsyncTransaction): EngineTransaction {
    return new (class extends EngineTransaction {
      readonly #late: Extract<PlannedStep, { do: 'put' }>[] = []

      override async step(step: PlannedStep): Promise<RecordedEvent> {
        if (step.do !== 'put' || !step.name.startsWith('b')) return super.step(step)
        this.#late.push(step)
        return step
      }

      override async commit(): Promise<void> {
        await super.commit()
        for (const { name, value } of this.#late) await this.engine.of(name).put(name.slice(2), value)
      }
    })(this, inner)
  }
}

/** Engines with one bug each, and a disk whose syncs do nothing. */
export const ASYNC_MUTANTS: Readonly<Record<string, AsyncHistoryOptions>> = {
  'commits are acknowledged before they are durable': { lyingSyncs: 1 },
  'single writes are acknowledged before they commit': { engine: EarlyAcknowledgement },
  'commits are not in call order': { engine: OutOfOrder },
  'uncommitted writes are visible': { engine: DirtyRead },
  'an update misses commits in flight': { engine: TornUpdate },
  'reads see the newest commit': { engine: NoSnapshot },
  'a conflicting transaction leaves its last write': { engine: PartialConflict },
  'a completed commit reports an abort': { engine: LateAbort },
  'transactions begin from an old snapshot': { engine: OldSnapshot },
  'a retry uses the reads of the first attempt': { engine: StaleRetry },
  'a reopen loses a key': { engine: LosesKey },
  'a reopen loses a commit': { engine: LosesCommit },
  'commits apply one keyspace after the other': { engine: NonAtomicCommit },
}
