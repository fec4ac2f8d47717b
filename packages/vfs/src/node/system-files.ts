import type * as fs from 'node:fs'

/** The calls of `node:fs` that this package makes: what a host without Node.js implements instead. */
export type SystemFileCall =
  | 'closeSync'
  | 'constants'
  | 'copyFileSync'
  | 'fdatasync'
  | 'fdatasyncSync'
  | 'fstatSync'
  | 'fsync'
  | 'fsyncSync'
  | 'ftruncateSync'
  | 'linkSync'
  | 'lstatSync'
  | 'mkdirSync'
  | 'open'
  | 'openSync'
  | 'read'
  | 'readFileSync'
  | 'readSync'
  | 'readdirSync'
  | 'readlinkSync'
  | 'realpathSync'
  | 'renameSync'
  | 'rmSync'
  | 'rmdirSync'
  | 'statSync'
  | 'statfsSync'
  | 'unlink'
  | 'unlinkSync'
  | 'write'
  | 'writeFileSync'
  | 'writeSync'

/** The part of `node:fs` that this package uses. */
export type SystemFiles = Pick<typeof fs, SystemFileCall>

/** The part of `process` that the files and locks of a platform depend on. */
export interface SystemProcess {
  readonly pid: number
  readonly platform: string
  cwd(): string
  getuid?(): number
  kill(pid: number, signal: 0): unknown
  emitWarning(
    message: string,
    options: { readonly type: string; readonly code: string; readonly detail: string },
  ): void
}

/** The part of `node:path` that this package uses. */
export interface SystemPaths {
  isAbsolute(path: string): boolean
  resolve(...paths: string[]): string
}
