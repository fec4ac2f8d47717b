import { LdbError } from '@ldb/base'
import type { AsyncTransaction } from '@ldb/core'
import { AsyncEngine, EngineTransaction } from '../src/history-checker/async/engine.js'
import type { AsyncHistoryOptions } from '../src/history-checker/async/suite.js'
import type { EngineBegin, EngineContent } from '../src/history-checker/async/engine.js'
import type { PlannedStep } from '../src/history-checker/history-choices.js'
import type { RecordedEvent } from '../src/history-checker/recorded-history.js'
import { microtasks } from '../src/history-checker/async/slow-vfs.js'

/** Acknowledges single writes at their call. */
class Hasty extends AsyncEngine {
  override put(name: string, value: string): Promise<void> {
    super.put(name, value).catch(() => undefined)
    return Promise.resolve()
  }
}

/** Commits transactions a while after their commit was called. */
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

/** Shows single writes from their call on. */
class Dirty extends AsyncEngine {
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

/** Updates by a read and a write, with others between. */
class TornUpdate extends AsyncEngine {
  override async update(name: string, change: (value: string | undefined) => string): Promise<string> {
    const next = change(await this.of(name).get(name.slice(2)))
    await this.put(name, next)
    return next
  }
}

/** Sees each key as it is when it is read. */
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

/** Leaves what has lost. */
class LeavesLosers extends AsyncEngine {
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

/** Takes a signal as the end of a commit that goes on. */
class AbortsTooLate extends AsyncEngine {
  override wrap(inner: AsyncTransaction): EngineTransaction {
    return new (class extends EngineTransaction {
      override async commit(signal?: AbortSignal): Promise<void> {
        await super.commit()
        if (signal !== undefined) throw new LdbError('LDB_ABORTED', 'a signal')
      }
    })(this, inner)
  }
}

/** Begins at what was visible a commit ago. */
class OldViews extends AsyncEngine {
  #kept: AsyncTransaction | undefined = undefined

  override begin(options: EngineBegin): EngineTransaction {
    const old = this.#kept
    this.#kept = this.db.begin(options)
    return this.wrap(old?.isOpen === true ? old : this.db.begin(options))
  }
}

/** Runs again on what the first attempt has read. */
class StaleRetries extends AsyncEngine {
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

/** Loses one of the keys that it finds at its opening. */
class ForgetsAKey extends AsyncEngine {
  override content(): EngineContent {
    const { marks, entries } = super.content()
    const [first] = entries.keys()
    return { marks, entries: new Map([...entries].filter(([name]) => name !== first)) }
  }
}

/** Comes back without its last transaction. */
class ForgetsAMark extends AsyncEngine {
  override content(): EngineContent {
    const { marks, entries } = super.content()
    const last = Math.max(...marks)
    return { entries, marks: new Set([...marks].filter((id) => id !== last)) }
  }
}

/** Commits the keyspaces of a transaction one after the other. */
class HalfCommits extends AsyncEngine {
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

/** Engines with one mistake each, and disks whose syncs do nothing. */
export const ASYNC_MUTANTS: Readonly<Record<string, AsyncHistoryOptions>> = {
  'commits are acknowledged before they are durable': { lyingSyncs: 1 },
  'single writes are acknowledged at their call': { engine: Hasty },
  'the order of commits is not that of their calls': { engine: OutOfOrder },
  'what is in flight is seen': { engine: Dirty },
  'an update does not see what is in flight': { engine: TornUpdate },
  'reads see the newest commit': { engine: NoSnapshot },
  'what has lost leaves its last write': { engine: LeavesLosers },
  'a signal ends what goes on': { engine: AbortsTooLate },
  'transactions begin before the newest commit': { engine: OldViews },
  'a transaction is run again on what it had read': { engine: StaleRetries },
  'opening again loses a key': { engine: ForgetsAKey },
  'opening again loses a commit': { engine: ForgetsAMark },
  'commits show one keyspace after the other': { engine: HalfCommits },
}
