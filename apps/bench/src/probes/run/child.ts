import { mkdirSync, writeFileSync } from 'node:fs'
import type { Effort } from '../../model/effort.js'
import { PROBES } from './list.js'

// Runs one probe in its own process and writes its findings to a file.

const [, , id = '', effort = '', dir = '', target = ''] = process.argv
const probe = PROBES.find((candidate) => candidate.id === id)
if (probe === undefined) throw new Error(`there is no probe ${id}`)
mkdirSync(dir, { recursive: true })
writeFileSync(target, JSON.stringify(await probe.run(effort as Effort['name'], dir)))
process.exit(0)
