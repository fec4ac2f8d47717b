import { FILE_NUMBER_MAX } from '../format.js'

const NAME = /^([1-9]\d{0,9})\.blob$/

/** Returns the name of the blob file with a number. @category Blob files */
export function blobFileName(number: number): string {
  return `${number}.blob`
}

/**
 * Returns the number of the blob file with a name; `undefined` when it is not the name of a blob file.
 *
 * @category Blob files
 */
export function blobFileNumber(name: string): number | undefined {
  const match = NAME.exec(name)
  if (match === null) return undefined
  const number = Number(match[1])
  return number <= FILE_NUMBER_MAX ? number : undefined
}

/** Ending of the name of a compacted file that is being written. */
const NEW_ENDING = '.new'

/** Returns the name under which the compacted blob file with a number is written. */
export function newBlobFileName(number: number): string {
  return `${blobFileName(number)}${NEW_ENDING}`
}

/** Reports whether a name is that of a compacted file that is being written. */
export function isNewBlobFileName(name: string): boolean {
  return name.endsWith(NEW_ENDING) && blobFileNumber(name.slice(0, -NEW_ENDING.length)) !== undefined
}

/** Reports whether a file name belongs to this package: a blob file, or one that is being written. @category Blob files */
export function isBlobFileName(name: string): boolean {
  return blobFileNumber(name) !== undefined || isNewBlobFileName(name)
}
