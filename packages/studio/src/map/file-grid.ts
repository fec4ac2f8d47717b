import type { DatabaseVerifyLocation } from '@ldb/core'
import { stateOf, useOf, USES } from './unit-use.js'
import type { CellState, Use } from './unit-use.js'

/** Bytes of the first cells; cells become larger with the file. */
const CELL_BYTES_MIN = 512

/** Bytes of a file from one position on. */
interface OpenCell {
  /** Bytes by use, in the order of `USES`. */
  amounts: number[]
  dirtyBytes: number
  /** Located units of which bytes are in the cell. */
  unitCount: number
  /** The first of them begins in a cell before. */
  isContinued: boolean
  findingCount: number
  /** Of the only unit that has keys. */
  keys: DatabaseVerifyLocation['keys']
}

/** A cell of the map. */
export interface Cell extends Readonly<OpenCell> {
  readonly state: CellState
}

/**
 * The bytes of a file in cells of equal size, by position. The number of cells is bounded: neither the length of the file nor the order of the locations is known
 * before, so that cells are joined in pairs when the file does not fit.
 */
export class FileGrid {
  cellBytes: number = CELL_BYTES_MIN
  byteCount = 0
  readonly #cellsMax: number
  #cells: OpenCell[] = []
  /** Smallest page: a smaller cell would show nothing. */
  #pageBytes = Infinity
  #findingOffsets: number[] = []

  constructor(cellsMax: number) {
    this.#cellsMax = cellsMax
  }

  add(location: DatabaseVerifyLocation): void {
    const { kind, offset, bytes } = location
    this.byteCount = Math.max(this.byteCount, offset + bytes)
    while (this.byteCount > this.cellBytes * this.#cellsMax) this.#join()
    if (kind === 'leaf' || kind === 'branch') this.#pageBytes = Math.min(this.#pageBytes, bytes)
    const use = USES.indexOf(useOf(kind))
    // The record was located as a dead one before.
    const before = kind === 'blob-live' ? USES.indexOf('free' satisfies Use) : -1
    for (let at = offset; at < offset + bytes;) {
      const index = Math.floor(at / this.cellBytes)
      const end = Math.min(offset + bytes, (index + 1) * this.cellBytes)
      const cell = (this.#cells[index] ??= emptyCell())
      this.#addTo(cell, location, end - at, use, before)
      if (at > offset) cell.isContinued = true
      at = end
    }
  }

  #addTo(
    cell: OpenCell,
    { isDirty, keys }: DatabaseVerifyLocation,
    bytes: number,
    use: number,
    before: number,
  ): void {
    cell.amounts[use] = (cell.amounts[use] ?? 0) + bytes
    if (before >= 0) cell.amounts[before] = Math.max(0, (cell.amounts[before] ?? 0) - bytes)
    else cell.unitCount++
    if (isDirty === true) cell.dirtyBytes += bytes
    cell.keys = cell.unitCount === 1 ? keys : undefined
  }

  /** Marks the unit at an offset as damaged. */
  addFinding(offset: number): void {
    this.#findingOffsets.push(offset)
  }

  /** Returns the cells, in order of position. */
  cells(): Cell[] {
    while (Number.isFinite(this.#pageBytes) && this.cellBytes < this.#pageBytes) this.#join()
    const count = Math.max(1, Math.ceil(this.byteCount / this.cellBytes))
    const cells = Array.from({ length: count }, (_, index) => this.#cells[index] ?? emptyCell())
    for (const offset of this.#findingOffsets) {
      const cell = cells[Math.min(count - 1, Math.floor(offset / this.cellBytes))]
      if (cell !== undefined) cell.findingCount++
    }
    this.#findingOffsets = []
    return cells.map((cell) => ({
      ...cell,
      state: stateOf(cell.amounts, cell.dirtyBytes, cell.findingCount),
    }))
  }

  /** Joins the cells in pairs. */
  #join(): void {
    const joined: OpenCell[] = []
    this.#cells.forEach((cell, index) => {
      const target = joined[index >>> 1]
      if (target === undefined) joined[index >>> 1] = cell
      else {
        target.amounts = target.amounts.map((amount, use) => amount + (cell.amounts[use] ?? 0))
        target.dirtyBytes += cell.dirtyBytes
        target.unitCount += cell.unitCount - (cell.isContinued ? 1 : 0)
        target.keys = target.unitCount === 1 ? (target.keys ?? cell.keys) : undefined
      }
    })
    this.#cells = joined
    this.cellBytes *= 2
  }
}

function emptyCell(): OpenCell {
  return {
    amounts: USES.map(() => 0),
    dirtyBytes: 0,
    unitCount: 0,
    isContinued: false,
    findingCount: 0,
    keys: undefined,
  }
}
