import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where the peers are installed: one folder for each, so that one that cannot be had leaves the others alone. */
export const PEERS_FOLDER: string = fileURLToPath(new URL('../../peers/', import.meta.url))

/** Returns the folder of a peer, by the name of its package. */
export function peerFolder(packageName: string): string {
  return join(PEERS_FOLDER, packageName.replace(/[@/]/g, ' ').trim().replaceAll(' ', '-'))
}

/** Loads the package of a peer from its folder. */
export function loadPeer<T>(packageName: string): T {
  return createRequire(join(peerFolder(packageName), 'package.json'))(packageName) as T
}
