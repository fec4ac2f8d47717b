import { Buffer } from 'node:buffer'
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { CommandExit, ExitCode } from '../terminal/exit-code.js'

/** How far an export into a file has come. */
export interface ExportPoint {
  /** Newest commit of the exported state. */
  readonly seq: number
  readonly format: 'lines' | 'csv'
  readonly keyspace: string
  /** Key of the last entry in the file, in base64. */
  readonly key: string
  /** Bytes of the file that are complete. */
  readonly byteCount: number
}

/** Bytes between two resume points. */
const POINT_BYTES = 8 * 1_048_576

/**
 * The file of an export. A file beside it, with `.resume` at the end of its name, says up to where it is complete and on the device.
 */
export class OutputFile {
  readonly #path: string
  readonly #descriptor: number
  /** False for a device or a pipe, of which nothing can be written again. */
  readonly #isFile: boolean
  #byteCount: number
  #pointAt: number

  private constructor(path: string, point: ExportPoint | undefined) {
    this.#path = path
    this.#descriptor = openSync(path, point === undefined ? 'w' : 'r+')
    this.#byteCount = point?.byteCount ?? 0
    this.#pointAt = this.#byteCount
    this.#isFile = fstatSync(this.#descriptor).isFile()
    if (this.#isFile) ftruncateSync(this.#descriptor, this.#byteCount)
  }

  /** Opens a file, at the end of what a point says is complete. */
  static open(path: string, point: ExportPoint | undefined): OutputFile {
    return new OutputFile(path, point)
  }

  /**
   * Returns the point of an export that was cut; `undefined` without one.
   *
   * @throws {@link CommandExit} when the database has changed since, or the export had another format.
   */
  static pointOf(path: string, seq: number, format: ExportPoint['format']): ExportPoint | undefined {
    const pointPath = `${path}.resume`
    if (!existsSync(pointPath) || !existsSync(path)) return undefined
    const point = JSON.parse(readFileSync(pointPath, 'utf8')) as ExportPoint
    if (point.format !== format)
      throw new CommandExit(ExitCode.error, `${path} is an export of another format: ${point.format}`)
    if (point.seq !== seq)
      throw new CommandExit(
        ExitCode.error,
        `the database has changed since the export began, from commit ${point.seq} to ${seq}: start over without --resume`,
      )
    return point
  }

  get byteCount(): number {
    return this.#byteCount
  }

  /** Appends text. */
  write(text: string): void {
    const bytes = Buffer.from(text)
    let written = 0
    while (written < bytes.length)
      written += writeSync(
        this.#descriptor,
        bytes,
        written,
        bytes.length - written,
        this.#isFile ? this.#byteCount + written : null,
      )
    this.#byteCount += bytes.length
  }

  /** Stores a point behind the text that was written, if the last one is long enough ago, or it is forced. */
  mark(
    seq: number,
    format: ExportPoint['format'],
    keyspace: string,
    key: Uint8Array,
    isForced = false,
  ): void {
    if (!this.#isFile) return
    if (!isForced && this.#byteCount - this.#pointAt < POINT_BYTES) return
    fdatasyncSync(this.#descriptor)
    this.#pointAt = this.#byteCount
    const point: ExportPoint = {
      seq,
      format,
      keyspace,
      key: Buffer.from(key).toString('base64'),
      byteCount: this.#byteCount,
    }
    const temporary = `${this.#path}.resume.new`
    writeFileSync(temporary, JSON.stringify(point), { flush: true })
    renameSync(temporary, `${this.#path}.resume`)
  }

  /** Makes the file durable, and removes the resume point. */
  end(): void {
    if (!this.#isFile) return
    fdatasyncSync(this.#descriptor)
    rmSync(`${this.#path}.resume`, { force: true })
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}
