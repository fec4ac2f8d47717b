import type { Suite } from '../suite/suite.js'

/** Suites that do not use the drivers, loaded one by one: the fuzz suite must be loaded before any code under test. */
const SUITES: Readonly<Record<string, () => Promise<Suite>>> = {
  fuzz: async () => (await import('../fuzz/fuzz-suite.js')).fuzzSuite,
  corruption: async () => (await import('../corruption/corruption-suite.js')).fullCorruptionSuite,
  kill: async () => (await import('../kill/kill-suite.js')).killSuite,
  metamorphic: async () => (await import('../metamorphic/metamorphic-suite.js')).metamorphicSuite,
  model: async () => (await import('../model/model-suite.js')).modelSuite,
}

/** Returns a suite by its name. */
export async function suiteNamed(name: string): Promise<Suite> {
  const load = SUITES[name]
  if (load !== undefined) return load()
  const { findSuite } = await import('../registry/suite-entry.js')
  const { SUITES: registered } = await import('../registry/suites.js')
  return findSuite(registered, name).load()
}
