import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readArguments, USAGE } from './arguments.js'
import type { Arguments } from './arguments.js'
import { Conductor } from './conductor.js'
import { installPeer } from './peer-installation.js'
import { choose, EFFORTS, stagesOf } from './plan.js'
import { STORES } from './store-list.js'
import { textTable } from './text-table.js'

const EXIT_USAGE = 2

process.exitCode = await main(process.argv.slice(2))

async function main(argv: readonly string[]): Promise<number> {
  let asked: Arguments
  try {
    asked = readArguments(argv)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
    return EXIT_USAGE
  }
  if (asked.help) {
    process.stdout.write(USAGE)
    return 0
  }
  const { entries, rounds } = asked
  const effort = {
    ...EFFORTS[asked.effort],
    clock: asked.clock,
    ...(entries !== undefined && { entryCount: entries }),
    ...(rounds !== undefined && { rounds }),
  }
  const say = (line: string): boolean => process.stderr.write(`${line}\n`)
  const stores: string[] = []
  for (const { id, packageName } of STORES) {
    if (asked.stores?.includes(id) === false) continue
    const refusal = packageName === undefined ? undefined : installPeer(packageName, say)
    if (refusal === undefined) stores.push(id)
    else say(`${id} is left out: ${refusal}`)
  }
  const root = mkdtempSync(join(asked.dir ?? tmpdir(), 'ldb-bench-'))
  process.on('exit', () => rmSync(root, { recursive: true, force: true }))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))
  const conductor = new Conductor(effort, root, say)
  const stages = choose(stagesOf(effort), asked.only)
  for (const stage of stages) await conductor.play(stage, stores)
  const rows = stages.flatMap((stage) => stage.rows)
  process.stdout.write(`\n${textTable(rows, stores, conductor.results)}\n`)
  if (asked.json !== undefined)
    writeFileSync(asked.json, `${JSON.stringify(conductor.results, undefined, 2)}\n`)
  return 0
}
