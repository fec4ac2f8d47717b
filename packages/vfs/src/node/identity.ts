import type { BigIntStats } from 'node:fs'

/** Returns the identity of a file or directory: `device:inode`, equal for every path that leads to it. */
export function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`
}
