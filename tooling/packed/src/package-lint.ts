import { readFileSync } from 'node:fs'

import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

/** Returns the findings of `publint --strict` for a tarball. */
export async function publintFindings(tarball: string): Promise<string[]> {
  const file = readFileSync(tarball)
  const bytes = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength)
  const { messages, pkg } = await publint({ pack: { tarball: bytes }, strict: true })
  return messages.map((message) => formatMessage(message, pkg) ?? message.code)
}

/**
 * Checks the types of a tarball as attw does, for every way in which TypeScript resolves modules.
 *
 * @returns the findings: the problems, and each resolution that finds no types or no code.
 */
export async function attwFindings(tarball: string): Promise<string[]> {
  const result = await checkPackage(createPackageFromTarballData(readFileSync(tarball)))
  if (result.types === false) return ['there are no types']
  const findings = result.problems.map((problem) => JSON.stringify(problem))
  for (const [name, { resolutions }] of Object.entries(result.entrypoints)) {
    if (name.endsWith('.json')) continue
    for (const [kind, { resolution }] of Object.entries(resolutions)) {
      if (resolution?.isTypeScript !== true) findings.push(`${name}: no types with ${kind}`)
    }
  }
  return findings
}
