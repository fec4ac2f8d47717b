import type { TestContext } from 'vitest'

declare module 'vitest' {
  interface TaskMeta {
    /** What a test has counted, in one line that `npm test` shows. */
    counted?: string
  }
}

/** Has a run show what a test has counted. */
export function tell({ task }: Pick<TestContext, 'task'>, counts: string): void {
  task.meta.counted = counts
}

/** Returns a count with its thousands apart. */
export function grouped(count: number | undefined): string {
  return String(count ?? 0).replace(/\B(?=(?:\d{3})+$)/g, ',')
}
