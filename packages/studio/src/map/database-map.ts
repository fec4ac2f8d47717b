import { AsyncDatabase } from '@ldb/core'
import type { DatabaseVerifyLocation, VerifyPart, VerifyReport } from '@ldb/core'
import { boundText } from '../entry-text.js'
import { FileGrid } from './file-grid.js'
import type { Fields } from '../request-fields.js'
import type { Session } from '../session.js'
import { TableLevels } from './table-levels.js'
import { USES } from './unit-use.js'

/** Cells of a tree, and of another file: a log segment or a blob file. */
const TREE_CELLS = 1024
const OTHER_CELLS = 128
/** Files and tables of one response. The others are counted. */
const FILES_MAX = 300
const TABLES_MAX = 2000

interface OpenPart {
  readonly grids: Map<string, FileGrid>
  readonly levels: TableLevels
}

/** Collects where the units of a database are. */
class MapBuilder {
  readonly #parts: Map<string, OpenPart> = new Map()

  add(location: DatabaseVerifyLocation): void {
    const part = this.#parts.get(location.part) ?? { grids: new Map(), levels: new TableLevels() }
    this.#parts.set(location.part, part)
    if (TableLevels.isTable(location)) {
      part.levels.add(location)
      return
    }
    const isTree = location.file.endsWith('.ldb')
    const grid = part.grids.get(location.file) ?? new FileGrid(isTree ? TREE_CELLS : OTHER_CELLS)
    part.grids.set(location.file, grid)
    grid.add(location)
  }

  addFinding(file: string, offset: number): void {
    for (const { grids, levels } of this.#parts.values()) {
      if (levels.addFinding(file)) return
      const grid = grids.get(file)
      if (grid === undefined) continue
      grid.addFinding(offset)
      return
    }
  }

  /** Returns the files and the tables of a part. */
  part(name: string, encoding: string): object {
    const found = this.#parts.get(name)
    const grids = [...(found?.grids ?? [])]
    const tables = found?.levels.tables() ?? []
    return {
      fileCount: grids.length,
      tableCount: tables.length,
      files: grids.slice(0, FILES_MAX).map(([file, grid]) => fileOf(file, grid, encoding)),
      tables: tables.slice(0, TABLES_MAX).map(({ file, lower, upper, ...table }) => ({
        ...table,
        file: shortName(file),
        lower: boundText(lower, encoding),
        upper: boundText(upper, encoding),
      })),
    }
  }
}

function fileOf(file: string, grid: FileGrid, encoding: string): object {
  const cells = grid.cells()
  return {
    file: shortName(file),
    byteCount: grid.byteCount,
    cellBytes: grid.cellBytes,
    cells: cells.map(({ keys, isContinued: _isContinued, ...cell }) => ({
      ...cell,
      ...(keys === undefined
        ? {}
        : { lower: boundText(keys.lower, encoding), upper: boundText(keys.upper, encoding) }),
    })),
  }
}

/** Returns the path of a file within the directory of its database. */
function shortName(file: string): string {
  return /(?:^|[/\\])((?:keyspaces|wal|blobs)[/\\].*)$/.exec(file)?.[1] ?? file
}

/**
 * Walks the whole database, and returns its files by position, its tables by level and key range, and the findings. A database that does
 * not open is verified in its directory. Ends when the page is gone.
 */
export async function databaseMap(session: Session, _fields: Fields, signal: AbortSignal): Promise<object> {
  const { encryption } = session.options
  const builder = new MapBuilder()
  const options = { signal, onLocation: (location: DatabaseVerifyLocation) => builder.add(location) }
  const report: VerifyReport = session.isOpen
    ? await session.database.verify(options)
    : await AsyncDatabase.verify(session.path, {
        ...options,
        ...(encryption === undefined ? {} : { encryption }),
      })
  const keyspaces = session.isOpen ? (await session.stats()).keyspaces : []
  const encodings = session.isOpen ? await session.database.keyspaces() : []
  for (const { file, offset } of report.findings) builder.addFinding(file, offset)
  return {
    ok: report.ok,
    errorCount: report.errorCount,
    warningCount: report.warningCount,
    durationMs: report.durationMs,
    byteCount: report.byteCount,
    uses: USES,
    findings: report.findings.map(({ kind, severity, message, file, offset }) => ({
      kind,
      severity,
      message,
      file: shortName(file),
      offset,
    })),
    parts: report.parts.map((part) => {
      const named = (each: { readonly name: string }): boolean => part.name === `keyspace:${each.name}`
      return {
        ...summaryOf(part),
        dirtyBytes: keyspaces.find(named)?.dirtyBytes ?? 0,
        ...builder.part(part.name, encodings.find(named)?.keys ?? 'binary'),
      }
    }),
  }
}

function summaryOf({ name, byteCount, entryCount, findingCount, units, shape }: VerifyPart): object {
  return { name, byteCount, entryCount, findingCount, units, shape }
}
