import { useEffect, useState } from 'preact/hooks'
import { followLines } from '../server-calls.js'
import { humanBytes } from '../value-text.js'

interface LogRecord {
  readonly lsn: number
  readonly seq: number
  readonly kind: string
  readonly bytes: number
  readonly operationCount: number
  readonly keyspaces: readonly string[]
  /** When the record was read; absent for one that was there before. */
  readonly timeMs?: number
}

const RECORDS_MAX = 300

/** The records of the log as they come, newest first: commits, checkpoints and versions of the catalog. */
export function LogView({ onError }: { readonly onError: (error: unknown) => void }) {
  const [records, setRecords] = useState<readonly LogRecord[]>([])
  const [isPaused, setPaused] = useState(false)
  useEffect(() => {
    if (isPaused) return
    const ended = new AbortController()
    setRecords([])
    // A burst of records is drawn once.
    let pending: LogRecord[] = []
    const timer = setInterval(() => {
      if (pending.length === 0) return
      const added = pending.reverse()
      pending = []
      setRecords((all) => [...added, ...all].slice(0, RECORDS_MAX))
    }, 100)
    const onRecord = (record: LogRecord): void => {
      pending.push(record)
      if (pending.length > RECORDS_MAX) pending.shift()
    }
    followLines<LogRecord>('log', onRecord, ended.signal).catch((error: unknown) => {
      if (!ended.signal.aborted) onError(error)
    })
    return () => {
      ended.abort()
      clearInterval(timer)
    }
  }, [isPaused])
  return (
    <>
      <div class="bar">
        <button type="button" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
          Pause
        </button>
        <span class="hint">
          The newest {RECORDS_MAX} records. The log stores no times: the time is that of the reading.
        </span>
      </div>
      {records.length === 0 ? (
        <p class="hint">Records appear here as they are written. A database in memory has none.</p>
      ) : (
        <div class="wide" role="region" aria-label="Records of the log" tabIndex={0}>
          <table>
            <caption>Records of the log, newest first</caption>
            <thead>
              <tr>
                <th scope="col">Commit</th>
                <th scope="col">Kind</th>
                <th scope="col">Operations</th>
                <th scope="col">Bytes</th>
                <th scope="col">Keyspaces</th>
                <th scope="col">Position</th>
                <th scope="col">Time</th>
              </tr>
            </thead>
            <tbody>
              {records.map(({ lsn, seq, kind, bytes, operationCount, keyspaces, timeMs }) => (
                <tr key={lsn}>
                  <td>{seq}</td>
                  <td>{kind.replace(/-record$/, '')}</td>
                  <td>{operationCount === 0 ? '' : operationCount.toLocaleString('en')}</td>
                  <td>{humanBytes(bytes)}</td>
                  <td>{keyspaces.join(', ')}</td>
                  <td>{lsn.toLocaleString('en')}</td>
                  <td>{timeMs === undefined ? 'earlier' : timeOf(timeMs)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  )
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString().slice(11, 23)
}
