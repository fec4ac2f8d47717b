import * as fs from 'node:fs'

const PATH = '/dev/urandom'
/** Number of that device on Linux: major 1, minor 9. */
const DEVICE_NUMBER = 0x109

/**
 * Fills `target` from the random device of Linux, without `node:crypto`.
 *
 * @returns whether it is filled: not on other systems, nor where the path does not lead to the device.
 */
export function fillFromDevice(target: Uint8Array, path: string = PATH): boolean {
  if (process.platform !== 'linux') return false
  try {
    const descriptor = fs.openSync(path, fs.constants.O_RDONLY)
    try {
      return fs.fstatSync(descriptor).rdev === DEVICE_NUMBER && readAll(descriptor, target)
    } finally {
      fs.closeSync(descriptor)
    }
  } catch {
    return false
  }
}

function readAll(descriptor: number, target: Uint8Array): boolean {
  let end = 0
  while (end < target.length) {
    const byteCount = fs.readSync(descriptor, target, end, target.length - end, null)
    if (byteCount === 0) return false
    end += byteCount
  }
  return true
}
