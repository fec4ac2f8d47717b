import { readFileSync } from 'node:fs'

/** What a process has asked the operating system to read and write. */
export interface ProcessIo {
  /** Bytes given to write calls. */
  readonly writtenBytes: number
  /** Number of read calls. */
  readonly reads: number
}

/** Returns the counts of this process, as Linux keeps them in `/proc/self/io`; NaN on other systems. */
export function processIo(): ProcessIo {
  let text = ''
  try {
    text = readFileSync('/proc/self/io', 'utf8')
  } catch {
    // Not Linux.
  }
  const numberOf = (name: string): number =>
    Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1] ?? NaN)
  return { writtenBytes: numberOf('wchar'), reads: numberOf('syscr') }
}
