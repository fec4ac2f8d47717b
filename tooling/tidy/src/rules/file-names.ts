import type { Finding } from '../finding.js'
import type { Package } from '../workspace.js'

const NAMELESS =
  /^(?:utils?|helpers?|common|misc|shared|stuff|lib|general|tools?|functions?|constants|types)$/

/** A file is named like the one noun in it, in kebab-case; a name that says nothing is no name. */
export function checkFileNames(subject: Package): Finding[] {
  const findings: Finding[] = []
  for (const { path, localPath } of subject.files) {
    const steps = localPath.replace(/\.test\.ts$|\.ts$/, '').split('/')
    for (const step of steps.slice(1)) {
      if (NAMELESS.test(step)) findings.push({ place: path, message: `'${step}' names no concept` })
      if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(step))
        findings.push({ place: path, message: `'${step}' is not kebab-case` })
    }
    if (steps.length > 2 && steps.at(-1) === 'index' && steps[0] === 'src') {
      findings.push({ place: path, message: 'only the top of a package has an index' })
    }
  }
  return findings
}
