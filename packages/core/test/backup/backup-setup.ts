import { Database } from '@ldb/core'
import type { Vfs } from '@ldb/vfs'

/** Puts entries of a range of numbers, with values of different lengths. */
export function fill(db: Database, from: number, to: number, mark = ''): void {
  for (let index = from; index < to; index++) {
    db.put(`key${String(index).padStart(6, '0')}`, `value ${index} ${mark}${'x'.repeat(index % 50)}`)
  }
}

/** Returns all entries of all keyspaces. */
export function contentsOf(db: Database): unknown[] {
  return db.keyspaces().map(({ name, values }) => {
    const entries = db
      .keyspace(name, { values: values as 'utf8' })
      .entries()
      .toArray()
    return [name, entries]
  })
}

/** Opens the database in a directory, returns its content, and closes it. */
export function contentsAt(vfs: Vfs, directory: string): unknown[] {
  const db = Database.open(directory, { vfs, createIfMissing: false })
  try {
    return contentsOf(db)
  } finally {
    db.close()
  }
}

/** Returns the paths of all files below a directory. */
export function filesBelow(vfs: Vfs, directory: string): string[] {
  return vfs.list(directory).flatMap((name) => {
    const path = `${directory}/${name}`
    return vfs.status(path)?.kind === 'directory' ? filesBelow(vfs, path) : [path]
  })
}
