import type { LdbError } from '@ldb/base'
import type { Clock, DeadlineSync, OpenMode, ScheduledTask, Scheduler, VfsFile } from '@ldb/vfs'
import { MemoryVfs } from '@ldb/vfs'
import { FaultyVfs } from './faulty-vfs.js'

/** A deadline sync whose other thread is the test. */
export class FakeDeadlineSync implements DeadlineSync {
  state: 'idle' | 'waiting' | 'noticed' | 'due' | 'closed' = 'idle'
  isServed = true
  syncedEnd = 0
  failure: LdbError | undefined = undefined
  requestCount = 0
  readonly path: string
  #writtenEnd = 0
  #syncCount = 0

  constructor(path: string) {
    this.path = path
  }

  get isWaiting(): boolean {
    return this.state === 'waiting' || this.state === 'due'
  }

  request(_noticeMs: number, delayMs: number): void {
    this.requestCount++
    if (this.state === 'idle') this.state = delayMs === 0 ? 'due' : 'waiting'
    else if (this.state === 'noticed' || delayMs === 0) this.state = 'due'
  }

  noteWritten(end: number): void {
    this.#writtenEnd = end
  }

  takeSyncCount(): number {
    const count = this.#syncCount
    this.#syncCount = 0
    return count
  }

  cancel(): void {
    if (this.state !== 'closed') this.state = 'idle'
  }

  close(): void {
    this.state = 'closed'
  }

  /** The other thread begins and completes a sync. */
  sync(): void {
    this.state = 'idle'
    this.#syncCount++
    this.syncedEnd = this.#writtenEnd
  }
}

/** A file system with deadline syncs, in the order of their creation. */
export class WatchedVfs extends FaultyVfs {
  readonly deadlineSyncs: FakeDeadlineSync[] = []
  /** Serves new files; otherwise the thread has not started. */
  isServing = true

  get current(): FakeDeadlineSync {
    const newest = this.deadlineSyncs.at(-1)
    if (newest === undefined) throw new Error('no sync was requested')
    return newest
  }

  override open(path: string, mode: OpenMode): VfsFile {
    const deadlineSync = (): DeadlineSync => {
      const created = new FakeDeadlineSync(path)
      created.isServed = this.isServing
      this.deadlineSyncs.push(created)
      return created
    }
    return { ...super.open(path, mode), deadlineSync }
  }
}

/** A scheduler whose timers never run, as in a program that does not yield, and whose exit is a call. */
class BusyScheduler implements Scheduler {
  readonly exitTasks: Set<() => void> = new Set()

  after(): ScheduledTask {
    return { cancel: () => undefined }
  }

  atExit<Owner extends object>(owner: Owner, task: (owner: Owner) => void): ScheduledTask {
    const run = (): void => {
      task(owner)
    }
    this.exitTasks.add(run)
    return {
      cancel: () => {
        this.exitTasks.delete(run)
      },
    }
  }

  exit(): void {
    for (const run of this.exitTasks) run()
  }
}

/** Files of a program that does not yield: `nowMs` is its clock. It counts the syncs of the log off the thread. */
export class BusyVfs extends MemoryVfs {
  nowMs = 0
  syncCount = 0
  override readonly scheduler: BusyScheduler

  constructor() {
    const scheduler = new BusyScheduler()
    const clock: Clock = { now: () => this.nowMs, monotonic: () => this.nowMs }
    super({ clock, scheduler })
    this.scheduler = scheduler
  }

  override open(path: string, mode: OpenMode): VfsFile {
    const file = super.open(path, mode)
    if (!path.endsWith('.wal')) return file
    const { syncAsync } = file
    file.syncAsync = (): Promise<void> => {
      this.syncCount++
      return syncAsync.call(file)
    }
    return file
  }
}
