import { ResumableTask } from '@ldb/base'
import type { TaskSteps } from '@ldb/base'

/** Returns a task without work. */
export function nothingToDo(): ResumableTask {
  return new ResumableTask(noSteps())
}

function* noSteps(): TaskSteps {}
