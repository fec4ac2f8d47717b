import { readFileSync } from 'node:fs'
import process from 'node:process'
import { parseData } from './data-format.js'
import type { DataFormat } from './data-format.js'
import { CommandExit, ExitCode } from '../terminal/exit-code.js'

/** The name that stands for the standard input in place of a file. */
const STANDARD_INPUT = '-'

/** A key or a value of a command line: a text, or the name of a file. */
export interface InputData {
  /** What it is, for messages. */
  readonly what: 'key' | 'value'
  readonly text: string | undefined
  readonly file: string | undefined
  /** The format of the option; `undefined` without one. */
  readonly format: DataFormat | undefined
}

/** How a keyspace stores what is read. */
interface StoredForm {
  readonly format: DataFormat
  readonly encoding: string
}

/**
 * Returns the bytes of a key or a value. A file, or the standard input (`-`), is taken byte for byte, unless a format is named: then it is a
 * text in that format, without the white space at its end.
 *
 * @throws {@link CommandExit} with the code `usage` when there is both a text and a file, or neither.
 */
export function readInput({ what, text, file, format }: InputData, stored: StoredForm): Uint8Array {
  if (text !== undefined && file !== undefined)
    throw new CommandExit(ExitCode.usage, `a ${what} or a file of it, not both`)
  if (text !== undefined) return parseData(text, stored.format, stored.encoding)
  if (file === undefined) throw new CommandExit(ExitCode.usage, `there is no ${what}`)
  const content = readFileSync(file === STANDARD_INPUT ? process.stdin.fd : file)
  return format === undefined
    ? Uint8Array.from(content)
    : parseData(content.toString().trimEnd(), stored.format, stored.encoding)
}

/** Refuses a command line that reads two things from the standard input. */
export function assertOneInput(...files: readonly (string | undefined)[]): void {
  if (files.filter((file) => file === STANDARD_INPUT).length > 1)
    throw new CommandExit(ExitCode.usage, 'the standard input is either the key or the value')
}
