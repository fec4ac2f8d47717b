// What the tests, not the engines, use of a platform: a console, and timers that run when nothing else does, without waiting.
const timers = []
let nowMs = 0
let newestId = 0

globalThis.console = { log: print, warn: print, error: print, info: print }
globalThis.setTimeout = (run, delayMs = 0, ...values) => {
  const timer = { id: ++newestId, dueMs: nowMs + Number(delayMs), run: () => run(...values) }
  timers.push(timer)
  timers.sort((a, b) => a.dueMs - b.dueMs || a.id - b.id)
  return timer.id
}
globalThis.clearTimeout = (id) => {
  const index = timers.findIndex((timer) => timer.id === id)
  if (index >= 0) timers.splice(index, 1)
}
globalThis.queueMicrotask ??= (run) => void Promise.resolve().then(run)
globalThis.process = { env: {} }
// Sources use it as the key of a method when it is there; tests declare variables with `using`.
Symbol.dispose ??= Symbol.for('Symbol.dispose')
Symbol.asyncDispose ??= Symbol.for('Symbol.asyncDispose')

/** Runs the next timer. Returns false when there is none. */
globalThis.runTurn = () => {
  const timer = timers.shift()
  if (timer === undefined) return false
  nowMs = Math.max(nowMs, timer.dueMs)
  timer.run()
  return true
}
