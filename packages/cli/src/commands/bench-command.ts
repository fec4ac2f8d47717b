import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setImmediate } from 'node:timers/promises'
import { Option } from 'commander'
import type { Command } from 'commander'
import { Database } from '@ldb/core'
import type { Durability } from '@ldb/core'
import { benchShape } from '../bench/bench-data.js'
import { measure } from '../bench/measurement.js'
import type { Measurement } from '../bench/measurement.js'
import { WORKLOADS } from '../bench/workloads.js'
import { humanBytes, humanCount, humanMs } from '../terminal/human-sizes.js'
import { interruptible, throwIfInterrupted } from '../terminal/interruption.js'
import type { Output } from '../terminal/output.js'
import { positiveNumber, wholeNumber } from './option-values.js'

interface BenchOptions {
  readonly entries: number
  readonly valueBytes: number
  readonly engine: 'btree' | 'lsm'
  readonly durability: Durability
  readonly directory: string
  readonly json?: boolean
}

const ENTRIES = 100_000
const VALUE_BYTES = 100

/** Adds the measurement of this machine. */
export function addBenchCommand(program: Command, output: Output): void {
  program
    .command('bench')
    .description('run the standard workloads on this machine, in a temporary directory that is removed')
    .option('--entries <count>', 'entries of the database', positiveNumber, ENTRIES)
    .option('--value-bytes <count>', 'bytes of each value', wholeNumber, VALUE_BYTES)
    .addOption(new Option('--engine <engine>').choices(['btree', 'lsm']).default('btree'))
    .addOption(
      new Option('--durability <durability>', 'of the workloads whose name has none')
        .choices(['none', 'periodic', 'full'])
        .default('periodic'),
    )
    .option(
      '--directory <directory>',
      'where the temporary directory is made: the device that is measured',
      tmpdir(),
    )
    .option('--json', 'print one JSON object a line')
    .action((options: BenchOptions) => bench(options, output))
}

async function bench(options: BenchOptions, output: Output): Promise<void> {
  const { entries, valueBytes, engine, durability, directory, json } = options
  const folder = mkdtempSync(join(directory, 'ldb-bench-'))
  const results: Measurement[] = []
  try {
    await interruptible(async (signal) => {
      const database = Database.open(join(folder, 'db'), { engine, durability })
      try {
        const shape = benchShape(entries, valueBytes)
        for (const workload of WORKLOADS) {
          const result = measure(database, workload, shape)
          results.push(result)
          if (json === true) await output.line(JSON.stringify({ engine, durability, ...result }))
          // Ctrl-C comes between two workloads.
          await setImmediate()
          throwIfInterrupted(signal)
        }
      } finally {
        database.close()
      }
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  if (json === true) return
  const rows = results.map((result) => [
    result.workload,
    humanCount(result.operations),
    humanCount(Math.round(result.operationsPerSecond)),
    `${humanBytes(Math.round(result.bytesPerSecond))}`,
    humanMs(result.wallMs / result.operations),
    humanMs(result.cpuMs),
  ])
  await output.line(
    output.colours.dim(
      `${humanCount(entries)} entries of ${valueBytes} bytes, ${engine}, ${durability}; Node ${process.version}`,
    ),
  )
  await output.table([['workload', 'operations', 'a second', 'bytes a second', 'each', 'cpu'], ...rows])
}
