import type { Answer, Order } from './messages.js'
import { recordProfile } from '../measure/profile-recording.js'
import type { StoreModule } from './store.js'
import { StoreSession } from './store-session.js'

// One store in a process of its own. It answers each order once, and is told nothing else meanwhile.

let session: StoreSession | undefined

process.on('message', (order: Order) => {
  void obey(order).then(answer, (error: unknown) =>
    answer({
      kind: 'failed',
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    }),
  )
})
process.on('disconnect', () => process.exit(0))

function answer(message: Answer): void {
  process.send?.(message, () => {
    // A store that was closed may leave threads and timers behind.
    if (message.kind === 'finished') process.exit(0)
  })
}

async function obey(order: Order): Promise<Answer> {
  if (order.kind === 'arrive') {
    const module = (await import(`./stores/${order.store}.js`)) as StoreModule
    session = new StoreSession(module, order.scenario, order.dir)
    session.arrive()
    return { kind: 'arrived' }
  }
  if (session === undefined) throw new Error('nothing is prepared')
  switch (order.kind) {
    case 'prepare':
      return { kind: 'prepared', prepared: await session.prepare(order.workloads) }
    case 'round':
      return { kind: 'round', round: await session.round(order.workload, order.budgetMs) }
    case 'profile': {
      const working = session
      const { result, profile } = await recordProfile(order.of, () =>
        working.round(order.workload, order.budgetMs),
      )
      return { kind: 'profiled', round: result, profile }
    }
    case 'measure':
      return { kind: 'measured', footprint: session.footprint() }
    case 'finish':
      await session.close()
      return { kind: 'finished' }
  }
}
