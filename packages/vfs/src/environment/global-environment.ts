import type { Clock, Environment, RandomSource, ScheduledTask, Scheduler } from './environment.js'

/** Global functions of browsers and their workers. Each of them is absent on some engine. */
export interface PlatformGlobals {
  readonly Date: { now(): number }
  readonly performance?: { now(): number }
  readonly crypto?: { getRandomValues(target: Uint8Array): Uint8Array }
  readonly setTimeout?: (task: () => void, delayMs: number) => unknown
  readonly clearTimeout?: (timer: unknown) => void
  readonly setImmediate?: (task: () => void) => unknown
  readonly MessageChannel?: new () => Channel
}

interface Channel {
  readonly port1: ChannelPort
  readonly port2: ChannelPort
}

interface ChannelPort {
  onmessage: (() => void) | null
  postMessage(message: unknown): void
}

/** Bytes that one call of `getRandomValues` accepts. */
const RANDOM_BYTES_MAX = 65_536

/**
 * Creates the environment that global functions implement: a clock always, randomness and a scheduler where they exist.
 *
 * @remarks The functions are captured, so that fake timers installed later control only the wall clock, `Date.now`.
 */
export function globalEnvironment(globals: PlatformGlobals): Partial<Environment> {
  const random = globalRandom(globals)
  const scheduler = globalScheduler(globals)
  return {
    clock: globalClock(globals),
    ...(random === undefined ? {} : { random }),
    ...(scheduler === undefined ? {} : { scheduler }),
  }
}

function globalClock(globals: PlatformGlobals): Clock {
  const { performance } = globals
  const now = (): number => globals.Date.now()
  if (performance !== undefined) return { now, monotonic: performance.now.bind(performance) }
  let newestMs = 0
  return {
    now,
    monotonic(): number {
      newestMs = Math.max(newestMs, now())
      return newestMs
    },
  }
}

function globalRandom({ crypto }: PlatformGlobals): RandomSource | undefined {
  if (crypto === undefined) return undefined
  const getRandomValues = crypto.getRandomValues.bind(crypto)
  return {
    fill(target: Uint8Array): Uint8Array {
      for (let start = 0; start < target.length; start += RANDOM_BYTES_MAX) {
        getRandomValues(target.subarray(start, start + RANDOM_BYTES_MAX))
      }
      return target
    },
  }
}

function globalScheduler(globals: PlatformGlobals): Scheduler | undefined {
  const { setTimeout, clearTimeout } = globals
  if (setTimeout === undefined || clearTimeout === undefined) return undefined
  return {
    after(delayMs: number, task: () => void): ScheduledTask {
      const timer = setTimeout(task, delayMs)
      releaseProcess(timer)
      return {
        cancel(): void {
          clearTimeout(timer)
        },
      }
    },
    immediate: globalImmediate(globals, setTimeout),
  }
}

/** A pending timer keeps no process alive, on platforms where it could. */
function releaseProcess(timer: unknown): void {
  const { unref } = Object(timer) as { readonly unref?: unknown }
  if (typeof unref === 'function') unref.call(timer)
}

/**
 * Returns the fastest way to run a task after the pending ones. Browsers delay nested timers by 4 ms, but messages of a channel not
 * at all.
 */
function globalImmediate(
  { setImmediate, MessageChannel }: PlatformGlobals,
  setTimeout: (task: () => void, delayMs: number) => unknown,
): (task: () => void) => void {
  if (setImmediate !== undefined) {
    return (task) => {
      setImmediate(task)
    }
  }
  if (MessageChannel !== undefined) return channelImmediate(MessageChannel)
  return (task) => {
    setTimeout(task, 0)
  }
}

/** Returns a function that runs tasks in the order of their calls, each on receipt of a message. */
function channelImmediate(MessageChannel: new () => Channel): (task: () => void) => void {
  const tasks: (() => void)[] = []
  let sender: ChannelPort | undefined
  return (task) => {
    if (sender === undefined) {
      const channel = new MessageChannel()
      channel.port1.onmessage = (): void => tasks.shift()?.()
      sender = channel.port2
    }
    tasks.push(task)
    sender.postMessage(undefined)
  }
}
