import { Option } from 'commander'
import type { Command } from 'commander'
import type { CopyReport, KeyValueDatabase } from '@ldb/cluster'
import { copiedEncodings } from '../endpoint/copied-encodings.js'
import { endpointOf } from '../endpoint/endpoint.js'
import { openEndpoint } from '../endpoint/open-endpoint.js'
import type { EndpointOptions } from '../endpoint/open-endpoint.js'
import { CommandExit, ExitCode } from '../terminal/exit-code.js'
import { humanCount } from '../terminal/human-sizes.js'
import { interruptible, throwIfInterrupted } from '../terminal/interruption.js'
import type { Output } from '../terminal/output.js'
import { Progress } from '../terminal/progress.js'

interface CopyCommandOptions extends EndpointOptions {
  readonly json?: boolean
}

/** Characters of a digest in the table. JSON has it whole. */
const DIGEST_LENGTH = 16

const HELP = `
<source> and <target> are each a directory, or a cluster:
  postgres://user@host:5432,host:5432/database    needs the package @ldb/postgres
  etcd://user@host:2379,host:2379/prefix          needs the package @ldb/etcd; etcds:// with TLS
Passwords: PGPASSWORD, ~/.pgpass or ETCDCTL_PASSWORD.
The target is new, or has no entries. When the command was interrupted, the same command continues the copy.
Entries that expire are copied with their expiry, and are not compared.
Afterwards both sides are read again, and the number of entries and a SHA-256 of them are compared.`

/** Adds the command that moves databases between directories and clusters. */
export function addCopyCommand(program: Command, output: Output): void {
  program
    .command('copy <source> <target>')
    .description('copy a database between a directory and a cluster, and verify the copy')
    .option('--schema <name>', 'schema of PostgreSQL (default: ldb)')
    .option('--engine-limits', 'write entries that other engines than that of the target cannot hold')
    .addOption(new Option('--engine <name>', 'engine of a new directory').choices(['btree', 'lsm']))
    .option('--ca <file>', 'certificates of the authority of the servers, PEM')
    .option('--cert <file>', 'certificate of the client, PEM')
    .option('--cert-key <file>', 'private key of --cert, PEM')
    .option('--key-file <file>', 'file of the encryption key of a directory')
    .option('--json', 'print the report as one JSON object')
    .addHelpText('after', HELP)
    .action((source: string, target: string, options: CopyCommandOptions) =>
      copy(source, target, options, output),
    )
}

async function copy(
  source: string,
  target: string,
  options: CopyCommandOptions,
  output: Output,
): Promise<void> {
  const [from, to] = [endpointOf(source), endpointOf(target)]
  if (from.shown === to.shown) throw new CommandExit(ExitCode.usage, 'the source is the target')
  const report = await interruptible((signal) =>
    Progress.during('copy', 0, 'entries', async (progress) => {
      const opened: KeyValueDatabase[] = []
      const open = async (...args: Parameters<typeof openEndpoint>): Promise<KeyValueDatabase> => {
        const database = await openEndpoint(...args)
        opened.push(database)
        throwIfInterrupted(signal)
        return database
      }
      try {
        const reader = await open(from, 'source', options)
        return await copyAll(reader, await open(to, 'target', options), {
          progress,
          signal,
        })
      } finally {
        for (const database of opened) await database.close()
      }
    }),
  )
  if (options.json === true) await output.line(JSON.stringify(report))
  else await print(report, output)
}

async function copyAll(
  from: KeyValueDatabase,
  to: KeyValueDatabase,
  { progress, signal }: { readonly progress: Progress; readonly signal: AbortSignal },
): Promise<CopyReport> {
  const { copyDatabase } = await import('@ldb/cluster')
  return copyDatabase(from, to, {
    encodings: copiedEncodings(await from.keyspaces()),
    signal,
    onProgress: ({ phase, keyspace, count }) => {
      progress.label(`${phase} ${keyspace}`)
      progress.set(count)
    },
  })
}

async function print({ keyspaces }: CopyReport, output: Output): Promise<void> {
  const rows = keyspaces.map(({ name, count, digest }) => [
    name,
    humanCount(count),
    digest.slice(0, DIGEST_LENGTH),
  ])
  await output.table([['keyspace', 'entries', 'sha-256'], ...rows])
  await output.line(output.colours.green('the same in both'))
}
