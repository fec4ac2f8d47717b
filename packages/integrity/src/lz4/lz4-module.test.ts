import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import wabt from 'wabt'
import { LZ4_MODULE } from './lz4-module.js'

const LINE_CHARACTERS = 100

/** Assembles lz4.wat. */
async function assembled(): Promise<string> {
  const { parseWat } = await wabt()
  const module = parseWat('lz4.wat', readFileSync(new URL('lz4.wat', import.meta.url), 'utf8'), {
    bulk_memory: true,
    simd: true,
  })
  module.validate()
  return Buffer.from(module.toBinary({}).buffer).toString('hex')
}

/** Returns the source of lz4-module.ts. */
function sourceOf(hex: string): string {
  const lines = hex.match(new RegExp(`.{1,${LINE_CHARACTERS}}`, 'g')) ?? []
  return `/** The module of lz4.wat, in hexadecimal digits. \`LDB_GOLDEN=write npx vitest run src/lz4\` writes this file. */
export const LZ4_MODULE: string =
${lines.map((line) => `  '${line}'`).join(' +\n')}
`
}

test('the module is what lz4.wat assembles to', async () => {
  const hex = await assembled()
  if (process.env['LDB_GOLDEN'] === 'write') {
    writeFileSync(new URL('lz4-module.ts', import.meta.url), sourceOf(hex))
  } else expect(LZ4_MODULE).toBe(hex)
})
