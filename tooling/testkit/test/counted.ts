import type { TestContext } from 'vitest'

declare module 'vitest' {
  interface TaskMeta {
    /** Counts of a test, in one line that `npm test` prints. */
    counted?: string
  }
}

/** Makes the reporter print the counts of a test. */
export function reportCounts({ task }: Pick<TestContext, 'task'>, counts: string): void {
  task.meta.counted = counts
}

/** Returns a count with thousands separators. */
export function formatCount(count: number | undefined): string {
  return String(count ?? 0).replace(/\B(?=(?:\d{3})+$)/g, ',')
}
