import { Session } from 'node:inspector/promises'

const CPU_INTERVAL_US = 100
const HEAP_INTERVAL_BYTES = 16_384

/**
 * Runs `work` under one of V8's profilers. Returns its result, and the profile in the format of Chrome's developer
 * tools.
 */
export async function recordProfile<T>(
  kind: 'cpu' | 'heap',
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly profile: unknown }> {
  const session = new Session()
  session.connect()
  try {
    return kind === 'cpu' ? await recordTime(session, work) : await recordAllocations(session, work)
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

/** Objects that were collected during the recording are included, because garbage is of interest. */
async function recordAllocations<T>(
  session: Session,
  work: () => Promise<T>,
): Promise<{ result: T; profile: unknown }> {
  const options: object = {
    samplingInterval: HEAP_INTERVAL_BYTES,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  }
  await session.post('HeapProfiler.enable')
  await session.post('HeapProfiler.startSampling', options)
  const result = await work()
  const { profile } = await session.post('HeapProfiler.stopSampling')
  return { result, profile }
}
