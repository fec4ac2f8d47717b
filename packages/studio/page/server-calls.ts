// Calls of the server. The token is in the fragment of the address, which the browser does not send.

export interface KeyspaceFigures {
  readonly name: string
  readonly engine: string
  readonly keys: string
  readonly values: string
  readonly entryCount?: number
  readonly isEntryCountExact?: boolean
  readonly fileBytes?: number
  readonly liveBytes?: number
  readonly dirtyBytes?: number
}

export interface Overview {
  readonly path: string
  readonly isOpen: boolean
  /** False when the database belongs to a program, which alone can open it. */
  readonly isReopenable: boolean
  readonly failure?: { readonly code: string; readonly message: string; readonly hasKey?: boolean }
  readonly readOnly?: boolean
  readonly seq?: number
  readonly keyspaces?: readonly KeyspaceFigures[]
}

export interface Row {
  readonly key: string
  readonly text: string
  readonly preview: string
  readonly valueBytes: number
}

export interface Commit {
  readonly seq: number
  readonly changeCount: number
  readonly changes: readonly {
    readonly kind: string
    readonly keyspace: string
    readonly key?: string
    readonly value?: string
  }[]
}

/** The server does not answer, or not this page. */
export class ServerGone extends Error {}

async function request(path: string, fields: object, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${location.hash.slice(1)}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(fields),
    ...(signal === undefined ? {} : { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted === true) throw error
    throw new ServerGone(String(error))
  })
  if (response.status === 401) throw new ServerGone('The token of the address is missing or wrong.')
  return response
}

/** Calls the server. The message of a failure is for the user. */
export async function call<T>(name: string, fields: object = {}): Promise<T> {
  const response = await request(`/api/${name}`, fields)
  const answer = (await response.json()) as T & { readonly error?: string }
  if (!response.ok) throw new Error(answer.error ?? response.statusText)
  return answer
}

/** Passes each object of a stream to a function as it comes, until the server ends it or the signal is aborted. */
export async function followLines<T>(
  name: string,
  onLine: (line: T) => void,
  signal: AbortSignal,
): Promise<void> {
  const response = await request(`/api/${name}`, {}, signal)
  if (!response.ok || response.body === null)
    throw new Error(((await response.json()) as { error: string }).error)
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let pending = ''
  for (;;) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      if (signal.aborted) throw error
      throw new ServerGone(String(error))
    })
    if (done) return
    const lines = (pending + value).split('\n')
    pending = lines.pop() ?? ''
    for (const line of lines) {
      if (line === '') continue
      const parsed = JSON.parse(line) as T & { readonly error?: string }
      if (parsed.error !== undefined) throw new Error(parsed.error)
      onLine(parsed)
    }
  }
}
