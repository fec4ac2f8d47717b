import { createReadStream } from 'node:fs'
import process from 'node:process'

/** Returns the text of a file, or of the standard input. An aborted signal ends it with an error, also while it waits. */
export function textSource(file: string | undefined, signal: AbortSignal): AsyncIterable<string> {
  const source = file === undefined ? process.stdin.setEncoding('utf8') : createReadStream(file, 'utf8')
  signal.addEventListener('abort', () => {
    source.destroy(new Error('interrupted'))
  })
  return source as AsyncIterable<string>
}

/** Passes the parts of a text on, and says how long they are so far, in UTF-16 units: for ASCII, in bytes. */
export async function* countedText(
  source: AsyncIterable<string>,
  onProgress: (length: number) => void,
): AsyncGenerator<string, void, void> {
  let length = 0
  for await (const part of source) {
    length += part.length
    onProgress(length)
    yield part
  }
}
