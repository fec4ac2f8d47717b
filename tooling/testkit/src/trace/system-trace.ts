/** One system call that changes files, or a mark written by the traced program, without details that vary between runs. */
export type TraceLine = string

const CALL = /^\d+\s+(\w+)\((.*)\)\s+= (-?\d+)/
const MARK = /write\(1<[^>]*>, "MARK ([a-z ]+)\\n"/
const HANDLE = /^\d+<([^>]*)>/
const QUOTED = /"([^"]*)"/g

/**
 * Normalizes the output of `strace -f -y`: keeps successful calls on files below a directory, with relative paths and without
 * process ids and file descriptors. An open is kept only if it creates a file.
 *
 * @param root - absolute path of the directory.
 */
export function normalizedTrace(output: string, root: string): TraceLine[] {
  const lines: TraceLine[] = []
  for (const line of joinedCalls(output)) {
    const mark = MARK.exec(line)
    if (mark !== null) {
      lines.push(`mark ${mark[1] ?? ''}`)
      continue
    }
    const call = CALL.exec(line)
    if (call === null || call[3] === '-1' || !line.includes(root)) continue
    const [, name = '', rest = ''] = call
    const shown = shownCall(name, rest, root)
    if (shown !== undefined) lines.push(shown)
  }
  return lines
}

/** Joins the two lines of each call that another thread interrupted. */
function joinedCalls(output: string): string[] {
  const begun = new Map<string, string>()
  const lines: string[] = []
  for (const line of output.split('\n')) {
    const thread = line.slice(0, line.indexOf(' '))
    const resumed = /<\.\.\. \w+ resumed>(.*)$/.exec(line)
    if (line.endsWith('<unfinished ...>'))
      begun.set(thread, line.slice(0, -'<unfinished ...>'.length).trimEnd())
    else if (resumed !== null) lines.push(`${begun.get(thread) ?? ''}${resumed[1] ?? ''}`)
    else lines.push(line)
  }
  return lines
}

function shownCall(name: string, rest: string, root: string): TraceLine | undefined {
  const path = relative(HANDLE.exec(rest)?.[1] ?? '', root)
  const paths = [...rest.matchAll(QUOTED)].map(([, each]) => relative(each ?? '', root))
  if (name === 'openat') return rest.includes('O_CREAT') ? `create ${paths[0] ?? ''}` : undefined
  if (name.startsWith('rename') || name.startsWith('link'))
    return `${name.slice(0, 6).replace(/at$/, '')} ${paths.join(' -> ')}`
  if (name.startsWith('unlink')) return `unlink ${paths[0] ?? ''}`
  if (name === 'fsync' || name === 'fdatasync') return `${name} ${path}`
  if (name === 'ftruncate') return `truncate ${path} to ${rest.split(', ')[1] ?? ''}`
  if (name === 'pwrite64') return `write ${path} ${rest.split(', ').slice(-2).reverse().join(' + ')}`
  // The length varies: the content of LOCK contains the process id.
  return name === 'write' ? `write ${path}` : `${name} ${path}`
}

function relative(path: string, root: string): string {
  const below = path === root ? '.' : path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path
  return below.replace(/creating-[0-9a-f]+/, 'creating-ID').replace(/LOCK\.[0-9a-f]+/, 'LOCK.ID')
}
