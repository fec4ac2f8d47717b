import { AsyncDatabase } from '@ldb/core'
import { KillPlan } from '../kill/kill-plan.js'
import type { ChildTask, KillStep } from '../kill/kill-plan.js'
import { TestRandom } from '../base/test-random.js'
import { work } from '../kill/kill-work.js'

/** The task of a recorded process. */
export interface RecordedTask extends ChildTask {
  readonly api: 'sync' | 'async'
  readonly stepCount: number
}

/** Performs a task. `send` returns when the message is in the recording: `intent`, or `ack n` for the n-th step. */
export async function recordedWork(task: RecordedTask, send: (message: string) => void): Promise<void> {
  if (task.api === 'async') await asyncWork(task, send)
  else syncWork(task, send)
}

/** Ends the process with the last step. */
function syncWork(task: RecordedTask, send: (message: string) => void): void {
  let acknowledged = 0
  work(
    { ...task, end: { method: 'exit', step: task.stepCount } },
    {
      opening: () => undefined,
      opened: () => {
        send('opened')
      },
      intent: () => {
        send('intent')
      },
      acknowledge: () => {
        send(`ack ${++acknowledged}`)
      },
    },
  )
}

/** Begins several commits before it waits for the first one. Leaves the database open at the end. */
async function asyncWork(task: RecordedTask, send: (message: string) => void): Promise<void> {
  const { path, durability } = task
  const db = await AsyncDatabase.open(path, { durability, syncIntervalMs: 5, cacheBytes: 262_144 })
  send('opened')
  const plan = new KillPlan(task)
  const random = new TestRandom(task.seed)
  let pending: Promise<void>[] = []
  for (let step = 1; step <= task.stepCount; step++) {
    const next = plan.next()
    send('intent')
    const made = perform(db, next).then(() => {
      send(`ack ${step}`)
    })
    pending.push(made)
    if (next.kind !== 'commit' || random.chance(0.25)) {
      await Promise.all(pending)
      pending = []
    }
  }
  await Promise.all(pending)
}

async function perform(db: AsyncDatabase, step: KillStep): Promise<void> {
  switch (step.kind) {
    case 'create':
      await db.keyspace(step.space ?? '')
      return
    case 'drop':
      await db.dropKeyspace(step.space ?? '')
      return
    case 'checkpoint':
      await db.checkpoint()
      return
    case 'compact':
      await db.compact()
      return
    case 'sync':
    case 'reopen':
      await db.synced()
      return
    case 'commit':
  }
  const batch = db.batch()
  for (const change of step.changes) {
    const target = change.space === 'default' ? batch : batch.in(db.sync.keyspace(change.space))
    if (change.kind === 'put') target.put(change.key, change.value)
    else if (change.kind === 'delete') target.delete(change.key)
    else if (change.upper === undefined) target.deleteRange({ gte: change.lower })
    else target.deleteRange({ gte: change.lower, lt: change.upper })
  }
  await batch.commit()
}
