import type { Suite } from '../suite/suite.js'

/** Suites that are not made by the drivers. Each is loaded by itself: the fuzz suite must come before all else. */
const SUITES: Readonly<Record<string, () => Promise<Suite>>> = {
  fuzz: async () => (await import('../fuzz/fuzz-suite.js')).decoderFuzz,
  corruption: async () => (await import('../corruption/corruption-suite.js')).corruption,
  kill: async () => (await import('../kill/kill-suite.js')).kills,
  metamorphic: async () => (await import('../metamorphic/metamorphic-suite.js')).metamorphicSuite,
  model: async () => (await import('../model/model-suite.js')).modelSuite,
}

/** Returns the suite of a name that the deep runner knows. */
export async function suiteNamed(name: string): Promise<Suite> {
  const load = SUITES[name]
  if (load !== undefined) return load()
  const { suiteEntry } = await import('../deep/suites.js')
  return suiteEntry(name).load()
}
