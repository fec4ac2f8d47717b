// What nothing imports is not exported: knip over the whole workspace, with knip.json at the root.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { ROOT } from '../src/workspace.js'

test('every export is used by another file', { timeout: 120_000 }, () => {
  const knip = join(ROOT, 'node_modules', '.bin', 'knip')
  const { stdout, status } = spawnSync(
    knip,
    ['--no-progress', '--no-config-hints', '--reporter', 'compact'],
    {
      cwd: ROOT,
      encoding: 'utf8',
    },
  )
  expect({ stdout, status }).toEqual({ stdout: '', status: 0 })
})
