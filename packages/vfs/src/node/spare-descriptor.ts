import { devNull, fs } from '#system'
import { errnoOf } from './error.js'

let spare: number | undefined = undefined
let userCount = 0

/**
 * Keeps one descriptor open while there are users. It is closed for a moment when a call that needs a descriptor only while it runs finds
 * none: a directory must be synced even when the program has used up its descriptors.
 */
export function retainSpareDescriptor(): void {
  userCount++
  openSpare()
}

/** Ends a use of the spare descriptor. */
export function releaseSpareDescriptor(): void {
  userCount--
  if (userCount === 0) closeSpare()
}

/** Runs a call that opens a descriptor and closes it, with the spare descriptor if there is no other. */
export function withDescriptor<T>(call: () => T): T {
  try {
    return call()
  } catch (error) {
    if (spare === undefined || !isWithoutDescriptor(error)) throw error
    closeSpare()
    try {
      return call()
    } finally {
      openSpare()
    }
  }
}

/** Reports whether a call failed because all descriptors of the process or of the system are in use. */
export function isWithoutDescriptor(error: unknown): boolean {
  const errno = errnoOf(error)
  return errno === 'EMFILE' || errno === 'ENFILE'
}

function openSpare(): void {
  if (spare !== undefined) return
  try {
    spare = fs.openSync(devNull, 'r')
  } catch {
    // The next user tries again.
  }
}

function closeSpare(): void {
  if (spare === undefined) return
  fs.closeSync(spare)
  spare = undefined
}
