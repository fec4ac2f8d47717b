import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { deflateRawSync, inflateRawSync } from 'node:zlib'

/** Returns the stored inputs of a target; empty when it has none. */
export function corpusOf(target: string): Uint8Array[] {
  let text: string
  try {
    text = readFileSync(pathOf(target), 'utf8')
  } catch {
    return []
  }
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => new Uint8Array(inflateRawSync(Buffer.from(line, 'base64'))))
}

/** Stores inputs of a target: one a line, deflated, in base64. */
export function storeCorpus(target: string, inputs: readonly Uint8Array[]): void {
  const lines = inputs.map((input) => `${deflateRawSync(input, { level: 9 }).toString('base64')}\n`)
  writeFileSync(pathOf(target), lines.join(''))
}

function pathOf(target: string): string {
  return fileURLToPath(new URL(`../../corpus/${target}.txt`, import.meta.url))
}
