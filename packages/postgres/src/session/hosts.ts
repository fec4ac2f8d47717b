import { invalidArgument } from '@ldb/base'

/** A connection string with one host, in the form that `pg` accepts, and a name of the host for messages. */
export interface Host {
  readonly connectionString: string
  readonly name: string
}

const CONNECTION_STRING = /^(postgres(?:ql)?:\/\/(?:[^@/?#]*@)?)([^/?#]*)([/?].*)?$/

/**
 * Splits a connection string with one or several hosts, `postgres://user@a:5432,b:5432/name`, into one for each host.
 *
 * @throws LdbError LDB_INVALID_ARGUMENT for another form. The message does not repeat the string, which may contain a password.
 */
export function hostsOf(connectionString: string): readonly Host[] {
  const match = typeof connectionString === 'string' ? CONNECTION_STRING.exec(connectionString) : null
  const [, start = '', authority = '', end = ''] = match ?? []
  const names = authority.split(',')
  if (match === null || names.some((name) => !isHost(name))) {
    throw invalidArgument(
      'a connection string has the form postgres://user:password@host:port,host:port/database',
    )
  }
  return names.map((name) => ({ connectionString: `${start}${name}${end}`, name }))
}

function isHost(name: string): boolean {
  return /^(?:\[[0-9a-fA-F:.]+\]|[^:[\]\s]+)(?::\d{1,5})?$/.test(name)
}
