import * as nodeFiles from 'node:fs'
import { constants, devNull, hostname } from 'node:os'
import * as nodePaths from 'node:path'
import nodeProcess from 'node:process'
import { fileURLToPath } from 'node:url'
import { getSystemErrorMap } from 'node:util'
import type { SystemFiles, SystemPaths, SystemProcess } from './system-files.js'

/** What the files and locks of this package use of Node.js. `host/system.ts` exports the same names for other hosts. */
export const fs: SystemFiles = nodeFiles
export const nodePath: SystemPaths = nodePaths
export const process: SystemProcess = nodeProcess

/** Numbers of the errors of this system, by name. */
export const errnoByName: Readonly<Record<string, number>> = constants.errno

export { devNull, fileURLToPath, getSystemErrorMap, hostname }
export { monotonicMs } from './unfaked-timers.js'
