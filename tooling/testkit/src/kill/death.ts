import type { TestRandom } from '../test-random.js'
import { callKillProblem } from './child-process.js'
import type { KillStep } from './kill-plan.js'

/** How a life ends. */
export type Death =
  /** SIGKILL or SIGTERM some time after the first acknowledgement; stopped before, perhaps. */
  | { readonly way: 'signal' | 'terminate' | 'stop'; readonly delayMs: number }
  /** SIGKILL by the kernel, at the n-th call that changes files. */
  | { readonly way: 'call'; readonly call: number }
  /** SIGKILL some time after a step of this kind was begun. */
  | { readonly way: 'step'; readonly kind: KillStep['kind']; readonly delayMs: number }
  /** The process ends itself. */
  | { readonly way: 'exit' | 'throw' | 'heap'; readonly step: number }
  /** A thread of this process is terminated. */
  | { readonly way: 'worker'; readonly delayMs: number }

/** What a recovery is hit by. */
export type RecoveryDeath =
  { readonly way: 'signal'; readonly delayMs: number } | Extract<Death, { readonly way: 'call' }>

const WAYS = { signal: 30, step: 24, call: 22, terminate: 3, stop: 5, exit: 4, throw: 4, heap: 2, worker: 6 }

/** Chooses how a life ends; where the kernel does not help, other ways take its place. */
export function chooseDeath(random: TestRandom): Death {
  const way = random.weighted(WAYS)
  switch (way) {
    case 'step': {
      const kind = random.pick(['reopen', 'checkpoint', 'compact', 'create', 'drop'] as const)
      return { way, kind, delayMs: logUniform(random, 0.05, 6) }
    }
    case 'call':
      if (callKillProblem() !== null) return { way: 'signal', delayMs: logUniform(random, 0.1, 60) }
      return { way, call: Math.round(logUniform(random, 1, 500)) }
    case 'exit':
    case 'throw':
    case 'heap':
      return { way, step: random.below(60) }
    case 'signal':
    case 'terminate':
    case 'stop':
    case 'worker':
      return { way, delayMs: logUniform(random, 0.1, random.chance(0.1) ? 1000 : 60) }
  }
}

/** Chooses what hits a recovery. */
export function chooseRecoveryDeath(random: TestRandom): RecoveryDeath {
  const isCall = callKillProblem() === null && random.chance(0.6)
  if (isCall) return { way: 'call', call: random.between(1, 40) }
  return { way: 'signal', delayMs: logUniform(random, 0.1, 12) }
}

function logUniform(random: TestRandom, least: number, most: number): number {
  const share = random.word() / 2 ** 32
  return least * (most / least) ** share
}
