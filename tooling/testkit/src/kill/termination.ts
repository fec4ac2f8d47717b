import type { TestRandom } from '../base/test-random.js'
import { callKillProblem } from './child-process.js'
import type { KillStep } from './kill-plan.js'

/** How a child is terminated. */
export type Termination =
  /** SIGKILL or SIGTERM some time after the first acknowledgement; for `stop`, SIGSTOP before SIGKILL. */
  | { readonly method: 'signal' | 'terminate' | 'stop'; readonly delayMs: number }
  /** SIGKILL by the kernel at the n-th file-changing system call. */
  | { readonly method: 'call'; readonly call: number }
  /** SIGKILL some time after the start of a step of this kind. */
  | { readonly method: 'step'; readonly kind: KillStep['kind']; readonly delayMs: number }
  /** The process ends itself. */
  | { readonly method: 'exit' | 'throw' | 'heap'; readonly step: number }
  /** A worker thread of this process is terminated. */
  | { readonly method: 'worker'; readonly delayMs: number }

/** How a recovery is terminated. */
export type RecoveryTermination =
  { readonly method: 'signal'; readonly delayMs: number } | Extract<Termination, { readonly method: 'call' }>

const METHODS = {
  signal: 30,
  step: 24,
  call: 22,
  terminate: 3,
  stop: 5,
  exit: 4,
  throw: 4,
  heap: 2,
  worker: 6,
}

/** Chooses a termination. Replaces kills at system calls by signals where strace is not available. */
export function chooseTermination(random: TestRandom): Termination {
  const method = random.weighted(METHODS)
  switch (method) {
    case 'step': {
      const kind = random.pick(['reopen', 'checkpoint', 'compact', 'create', 'drop'] as const)
      return { method, kind, delayMs: logUniform(random, 0.05, 6) }
    }
    case 'call':
      if (callKillProblem() !== null) return { method: 'signal', delayMs: logUniform(random, 0.1, 60) }
      return { method, call: Math.round(logUniform(random, 1, 500)) }
    case 'exit':
    case 'throw':
    case 'heap':
      return { method, step: random.below(60) }
    case 'signal':
    case 'terminate':
    case 'stop':
    case 'worker':
      return { method, delayMs: logUniform(random, 0.1, random.chance(0.1) ? 1000 : 60) }
  }
}

/** Chooses a termination of a recovery. */
export function chooseRecoveryTermination(random: TestRandom): RecoveryTermination {
  const isCall = callKillProblem() === null && random.chance(0.6)
  if (isCall) return { method: 'call', call: random.between(1, 40) }
  return { method: 'signal', delayMs: logUniform(random, 0.1, 12) }
}

function logUniform(random: TestRandom, least: number, most: number): number {
  const share = random.word() / 2 ** 32
  return least * (most / least) ** share
}
