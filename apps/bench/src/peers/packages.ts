import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Folder of the installed peers. Each has its own folder, so that a failed installation does not affect the others. */
export const PEERS_FOLDER: string = fileURLToPath(new URL('../../peers/', import.meta.url))

/** Returns the folder of a peer, by the name of its package. */
export function peerFolder(packageName: string): string {
  return join(PEERS_FOLDER, packageName.replace(/[@/]/g, ' ').trim().replaceAll(' ', '-'))
}

/** Loads a peer's package from its folder. */
export function loadPeer<T>(packageName: string): T {
  return createRequire(join(peerFolder(packageName), 'package.json'))(packageName) as T
}
