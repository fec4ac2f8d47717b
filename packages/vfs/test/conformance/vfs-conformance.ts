import { afterEach, beforeEach, describe } from 'vitest'
import { describeBytes } from './bytes.js'
import { describeLinks } from './links.js'
import { describeLocks } from './locks.js'
import { describeNames } from './names.js'
import type { GetSubject, VfsSubject } from './subject.js'

/** Runs the conformance tests of the Vfs contract, which every file system must pass. */
export function describeVfs(name: string, makeSubject: () => VfsSubject): void {
  let subject: VfsSubject
  beforeEach(() => {
    subject = makeSubject()
  })
  afterEach(() => {
    subject.dispose()
  })
  const parts: [string, (getSubject: GetSubject) => void][] = [
    ['bytes', describeBytes],
    ['names', describeNames],
    ['links and copies', describeLinks],
    ['locks', describeLocks],
  ]
  for (const [part, describePart] of parts) {
    describe(`${name}: ${part}`, () => {
      describePart(() => subject)
    })
  }
}
