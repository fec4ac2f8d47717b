/** One system call of a recording, when it begins or when it ends. */
export interface CallEvent {
  /** Number of the thread. */
  readonly thread: number
  readonly name: string
  /** Arguments as strace prints them, strings in hexadecimal. */
  readonly args: readonly string[]
  /** The result; `undefined` when the call begins. A call that ends at once has an event for its begin and one for its end. */
  readonly result: number | undefined
}

const CALL = /^(\d+) +(\w+)\((.*)$/s
const RESUMED = /^(\d+) +<\.\.\. (\w+) resumed>(.*)$/s
const UNFINISHED = ' <unfinished ...>'
const RESULT = /\)\s+= (-?\d+|\?)(?: .*)?$/s

/**
 * Parses the output of `strace -f -xx`: the calls of all threads, in the order in which the kernel served them. Calls of other
 * processes that the recorded one has started are left out.
 */
export function parseCalls(text: string): CallEvent[] {
  const events: CallEvent[] = []
  const begun = new Map<number, string>()
  const foreign = new Set<number>()
  for (const line of text.split('\n')) {
    const call = CALL.exec(line)
    const resumed = call === null ? RESUMED.exec(line) : null
    const [, threadText = '', name = '', rest = ''] = call ?? resumed ?? []
    if (name === '') continue
    const thread = Number(threadText)
    if (call !== null && rest.endsWith(UNFINISHED)) {
      const args = rest.slice(0, -UNFINISHED.length)
      begun.set(thread, args)
      events.push({ thread, name, args: splitArguments(args), result: undefined })
      continue
    }
    const whole = (resumed === null ? '' : (begun.get(thread) ?? '')) + rest
    const ended = RESULT.exec(whole)
    if (ended === null) continue
    const argumentText = whole.slice(0, ended.index)
    const args = splitArguments(argumentText)
    const result = ended[1] === '?' ? -1 : Number(ended[1])
    if (isNewProcess(name, argumentText)) foreign.add(result)
    if (call !== null) events.push({ thread, name, args, result: undefined })
    events.push({ thread, name, args, result })
  }
  return events.filter(({ thread }) => !foreign.has(thread))
}

function isNewProcess(name: string, args: string): boolean {
  return ['clone', 'clone3', 'fork', 'vfork'].includes(name) && !args.includes('CLONE_THREAD')
}

/** Splits arguments at commas. Strings are hexadecimal and contain none; structures are not needed. */
function splitArguments(text: string): string[] {
  return text === '' ? [] : text.split(', ')
}

/** Decodes a string argument. */
export function bytesOf(argument: string): Uint8Array {
  return new Uint8Array(
    Buffer.from(argument.slice(1, argument.lastIndexOf('"')).replaceAll('\\x', ''), 'hex'),
  )
}

/** Decodes a string argument that is text. */
export function textOf(argument: string): string {
  return Buffer.from(bytesOf(argument)).toString('utf8')
}
