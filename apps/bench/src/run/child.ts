import type { StoreResponse, StoreRequest } from './messages.js'
import { recordProfile } from '../measure/profile-recording.js'
import type { StoreModule } from '../model/store.js'
import { StoreSession } from './store-session.js'

// The process of one store. It responds once to each request, and receives one request at a time.

let session: StoreSession | undefined

process.on('message', (request: StoreRequest) => {
  void handle(request).then(respond, (error: unknown) =>
    respond({
      kind: 'failed',
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    }),
  )
})
process.on('disconnect', () => process.exit(0))

function respond(message: StoreResponse): void {
  process.send?.(message, () => {
    // A closed store may leave threads and timers that keep the process alive.
    if (message.kind === 'finished') process.exit(0)
  })
}

async function handle(request: StoreRequest): Promise<StoreResponse> {
  if (request.kind === 'initialize') {
    const module = (await import(`../stores/${request.store}.js`)) as StoreModule
    session = new StoreSession(module, request.scenario, request.dir)
    session.initialize()
    return { kind: 'initialized' }
  }
  if (session === undefined) throw new Error('the store is not initialized')
  switch (request.kind) {
    case 'prepare':
      return { kind: 'prepared', prepared: await session.prepare(request.workloads) }
    case 'round':
      return { kind: 'round', round: await session.round(request.workload, request.budgetMs) }
    case 'profile': {
      const working = session
      const { result, profile } = await recordProfile(request.profileKind, () =>
        working.round(request.workload, request.budgetMs),
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
