// Fetches the sources of QuickJS at the pinned version through apt, with a state of its own, and caches them in .setup.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { downloadWithApt, run } from './apt.js'

export const QUICKJS_VERSION = '2025.04.26'
/** SHA-256 of the archive of the authors, as the stable release of Debian distributes it. */
const ARCHIVE_SHA256 = 'ec81da5b3249ed648dbc7df4a1654988910e66a118d9b71cb63534216efcfbbe'
const ARCHIVE = `quickjs_${QUICKJS_VERSION}.orig.tar.xz`

const root = fileURLToPath(new URL('../../..', import.meta.url))
/** Everything that is fetched or compiled. */
export const SETUP = join(root, '.setup', `quickjs-${QUICKJS_VERSION}`)

/** Returns the folder of the sources. @throws {Error} that says why they are not available. */
export function fetchQuickjs() {
  const sources = join(SETUP, 'sources')
  if (existsSync(join(sources, 'quickjs.c'))) return sources
  mkdirSync(SETUP, { recursive: true })
  const archive = join(SETUP, ARCHIVE)
  if (!existsSync(archive) || sha256(archive) !== ARCHIVE_SHA256) download(archive)
  if (sha256(archive) !== ARCHIVE_SHA256) throw new Error(`${archive} does not have the pinned SHA-256`)
  const unpacked = join(SETUP, `unpacked-${process.pid}`)
  mkdirSync(unpacked, { recursive: true })
  run('tar', ['-xf', archive, '-C', unpacked, '--strip-components=1'])
  try {
    renameSync(unpacked, sources)
  } catch (error) {
    // Another process was first.
    rmSync(unpacked, { recursive: true, force: true })
    if (!existsSync(join(sources, 'quickjs.c'))) throw error
  }
  return sources
}

function sha256(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

/** Downloads the archive. */
function download(archive) {
  const command = ['--download-only', 'source', `quickjs=${QUICKJS_VERSION}-1`]
  downloadWithApt(SETUP, { kind: 'deb-src', suite: 'trixie' }, command, (folder) => {
    renameSync(join(folder, ARCHIVE), archive)
  })
}
