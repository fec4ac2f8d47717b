import { fileURLToPath } from 'node:url'

/** Path of the root of the workspace, with a slash at the end. */
export const WORKSPACE_ROOT: string = fileURLToPath(new URL('../../../../', import.meta.url))
