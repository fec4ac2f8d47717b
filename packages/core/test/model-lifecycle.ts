import fc from 'fast-check'
import { expect } from 'vitest'
import { copyAfterKill } from './directory-tree.js'
import { ModelMap } from './model.js'

import { compareAll, ModelCommand, names } from './model-state.js'
import type { Model, System } from './model-state.js'

function forgetReads(model: Model, real: System): void {
  real.snapshots = []
  real.scans = []
  model.snapshots = []
  model.scans = []
}

export const reopen = fc.constant(0).map(
  () =>
    new ModelCommand('reopen', (model, real) => {
      real.db.close()
      forgetReads(model, real)
      real.db = real.open()
      compareAll(model, real)
    }),
)

export const kill = fc.constant(0).map(
  () =>
    new ModelCommand('kill', (model, real) => {
      // At durability 'none', the newest commits may be only in the process.
      real.db.sync()
      real.vfs = copyAfterKill(real.vfs, 'data')
      forgetReads(model, real)
      real.db = real.open()
      compareAll(model, real)
    }),
)

export const maintain = fc.constantFrom('checkpoint', 'compact', 'sync', 'verify' as const).map(
  (what) =>
    new ModelCommand(what, (model, real) => {
      if (what === 'verify') expect(real.db.verify().findings).toEqual([])
      else real.db[what as 'checkpoint' | 'compact' | 'sync']()
      compareAll(model, real)
    }),
)

export const drop = names.map(
  (name) =>
    new ModelCommand(`drop ${name}`, (model, real) => {
      // A snapshot refers to a keyspace by its number, and a new keyspace of the same name has another number.
      if (real.snapshots.length > 0) return
      real.keyspace(name)
      real.db.dropKeyspace(name)
      model.maps[name] = new ModelMap()
      expect(real.keyspace(name).count()).toBe(0)
    }),
)
