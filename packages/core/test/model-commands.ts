import type fc from 'fast-check'
import { drop, kill, maintain, reopen } from './model-lifecycle.js'
import { cursor, read, scan, scanOpen, scanStep, snapshotOpen, snapshotUse } from './model-reads.js'
import type { Model, System } from './model-state.js'
import { batch, clear, conditional, deleteRange, fill, put, remove } from './model-writes.js'

/** Every command; commands that change the database are more frequent. */
export const modelCommands: fc.Arbitrary<fc.Command<Model, System>>[] = [
  ...[put, put, put, fill, batch, batch, remove, deleteRange, conditional, conditional],
  ...[clear, read, scan, scan, cursor, cursor, snapshotOpen, snapshotUse, snapshotUse],
  ...[scanOpen, scanStep, reopen, kill, maintain, drop],
] as fc.Arbitrary<fc.Command<Model, System>>[]
