import { MemoryCluster, memoryDriver } from '@ldb/cluster'
import { describe, test } from 'vitest'
import { conformanceCases } from '../src/index.js'

const cluster = new MemoryCluster()

describe('the memory driver', () => {
  for (const { name, run } of conformanceCases(() => memoryDriver({ cluster }))) test(name, run)
})
