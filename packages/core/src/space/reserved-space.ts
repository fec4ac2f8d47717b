import type { Vfs } from '@ldb/vfs'
import { ReserveFile } from './reserve-file.js'
import { ReservingVfs } from './reserving-vfs.js'

/** The reserve of a database, and the file system that draws on it. */
export interface ReservedSpace {
  readonly reserve: ReserveFile
  readonly vfs: ReservingVfs
}

/** Returns the reserve of the database in a directory. Performs no I/O. */
export function reserveSpace(vfs: Vfs, directory: string): ReservedSpace {
  const reserve = new ReserveFile(vfs, directory)
  return { reserve, vfs: new ReservingVfs(vfs, directory, reserve) }
}
