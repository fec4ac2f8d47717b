import process from 'node:process'
import { CommandExit, ExitCode } from '../terminal/exit-code.js'

/** What an argument of `copy` names. */
export type Endpoint = DirectoryEndpoint | PostgresEndpoint | EtcdEndpoint

/** An embedded database. */
interface DirectoryEndpoint {
  readonly kind: 'directory'
  readonly path: string
  /** Name for messages. */
  readonly shown: string
}

/** A schema of a PostgreSQL server. */
export interface PostgresEndpoint {
  readonly kind: 'postgres'
  /** Connection string of the driver. */
  readonly url: string
  /** The connection string without its password. */
  readonly shown: string
}

/** A prefix of an etcd. */
export interface EtcdEndpoint {
  readonly kind: 'etcd'
  readonly endpoints: readonly string[]
  readonly prefix: string | undefined
  readonly username: string | undefined
  readonly password: string | undefined
  /** The URL without its password. */
  readonly shown: string
}

const SCHEME = /^([a-z][a-z0-9+.-]+):\/\//i
const ETCD_URL = /^(etcds?):\/\/(?:([^@/?#]*)@)?([^@/?#]+)(?:\/([^?#]*))?$/
const ETCD_PORT = 2379

/** Parses a path or a URL. @throws {@link CommandExit} with the code `usage`, without the text, which may contain a password. */
export function endpointOf(text: string): Endpoint {
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase()
  if (scheme === undefined || scheme === 'file') return { kind: 'directory', path: text, shown: text }
  if (scheme === 'postgres' || scheme === 'postgresql')
    return { kind: 'postgres', url: text, shown: withoutPassword(text) }
  if (scheme === 'etcd' || scheme === 'etcds') return etcdOf(text)
  throw new CommandExit(
    ExitCode.usage,
    `no database is known for ${scheme}://: use a directory, postgres://, etcd:// or etcds://`,
  )
}

/** Returns a URL without the password of its login, which may be malformed, and without parameters. */
function withoutPassword(url: string): string {
  return url.replace(/^([^:/]+:\/\/[^:@/?#]*)(?::.*|[^@:].*)?@/s, '$1@').replace(/[?#].*$/s, '')
}

function etcdOf(text: string): EtcdEndpoint {
  const [, scheme, login, hosts = '', prefix] = ETCD_URL.exec(text) ?? []
  const names = hosts.split(',')
  if (
    scheme === undefined ||
    names.some((name) => !/^(?:\[[0-9a-fA-F:.]+\]|[^:[\]\s]+)(?::\d{1,5})?$/.test(name))
  )
    throw new CommandExit(ExitCode.usage, 'an etcd has the form etcd://user@host:port,host:port/prefix')
  const protocol = scheme === 'etcds' ? 'https' : 'http'
  const [username, password] = loginOf(login ?? process.env['ETCDCTL_USER'], login !== undefined)
  return {
    kind: 'etcd',
    endpoints: names.map((name) => `${protocol}://${/:\d{1,5}$/.test(name) ? name : `${name}:${ETCD_PORT}`}`),
    prefix: prefix === undefined || prefix === '' ? undefined : prefix,
    username,
    password: username === undefined ? undefined : (password ?? process.env['ETCDCTL_PASSWORD']),
    shown: withoutPassword(text),
  }
}

/** Splits `user:password`, which is percent-encoded in a URL and plain in the environment. */
function loginOf(
  login: string | undefined,
  isEncoded: boolean,
): readonly [user: string | undefined, password: string | undefined] {
  if (login === undefined || login === '') return [undefined, undefined]
  const at = login.indexOf(':')
  const decode = (part: string): string => (isEncoded ? decodePercent(part) : part)
  return at < 0 ? [decode(login), undefined] : [decode(login.slice(0, at)), decode(login.slice(at + 1))]
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new CommandExit(ExitCode.usage, 'the login of a URL is not percent-encoded')
  }
}
