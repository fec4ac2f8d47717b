import { Session } from 'node:inspector/promises'

const CPU_INTERVAL_US = 100
const HEAP_INTERVAL_BYTES = 16_384

/** Does something under one of V8's profilers; gives its result, and the profile as the developer tools read it. */
export async function recordProfile<T>(
  of: 'cpu' | 'heap',
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly profile: unknown }> {
  const session = new Session()
  session.connect()
  try {
    return of === 'cpu' ? await recordTime(session, work) : await recordAllocations(session, work)
  } finally {
    session.disconnect()
  }
}

async function recordTime<T>(
  session: Session,
  work: () => Promise<T>,
): Promise<{ result: T; profile: unknown }> {
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: CPU_INTERVAL_US })
  await session.post('Profiler.start')
  const result = await work()
  const { profile } = await session.post('Profiler.stop')
  return { result, profile }
}

/** What was collected meanwhile is counted too: garbage is what one looks for. */
async function recordAllocations<T>(
  session: Session,
  work: () => Promise<T>,
): Promise<{ result: T; profile: unknown }> {
  const asked: object = {
    samplingInterval: HEAP_INTERVAL_BYTES,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  }
  await session.post('HeapProfiler.enable')
  await session.post('HeapProfiler.startSampling', asked)
  const result = await work()
  const { profile } = await session.post('HeapProfiler.stopSampling')
  return { result, profile }
}
