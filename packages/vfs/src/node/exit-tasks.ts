import type { ScheduledTask } from '../environment/environment.js'

/** The tasks of this thread, and the only references to their owners, which are weak. */
const tasks: Set<() => void> = new Set()
const collected: FinalizationRegistry<() => void> = new FinalizationRegistry((task) => {
  tasks.delete(task)
})
let isListening = false
let isExiting = false

/** Runs a task when this process or worker thread ends; documented as `Scheduler.atExit`. */
export function runAtExit<Owner extends object>(owner: Owner, task: (owner: Owner) => void): ScheduledTask {
  const reference = new WeakRef(owner)
  const run = (): void => {
    const present = reference.deref()
    if (present !== undefined) task(present)
  }
  if (isExiting) {
    run()
    return { cancel: (): void => undefined }
  }
  // One listener for all tasks: Node warns of more than ten.
  if (!isListening) process.on('exit', runAll)
  isListening = true
  tasks.add(run)
  collected.register(owner, run)
  return {
    cancel: (): void => {
      tasks.delete(run)
    },
  }
}

function runAll(): void {
  isExiting = true
  for (const run of tasks) run()
  tasks.clear()
}
