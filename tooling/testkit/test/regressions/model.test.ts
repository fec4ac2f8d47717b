// Regression tests of the model suite: reduced failing runs.
import { describe, test } from 'vitest'
import { runCommandsAsync } from '../../src/model/async-model-run.js'
import { runCommands } from '../../src/model/model-run.js'
import { PLAIN_SETTINGS } from '../../src/model/commands/run-settings.js'

describe('model', () => {
  test('a key that is too long, through the handle of a dropped keyspace', () => {
    runCommands({ ...PLAIN_SETTINGS, durability: 'none', pageBytes: 512, keys: 'tuple' }, [
      { do: 'keyspace', ks: 3 },
      { do: 'drop', ks: 3 },
      { do: 'swap', ks: 3, key: ['k', 65_536], expected: 'same', next: ['p', 118] },
    ])
  })

  const SMALL_SEGMENTS = {
    ...PLAIN_SETTINGS,
    durability: 'periodic',
    pageBytes: 512,
    segmentBytes: 4096,
    keys: 'binary',
  } as const

  test('a commit at none, acknowledged before it is applied, is written within the interval', async () => {
    await runCommandsAsync(SMALL_SEGMENTS, [
      { do: 'put', ks: 0, key: 'fill2-000260', value: '39674', durability: 'none' },
      { do: 'time', ms: 1000 },
      { do: 'crash' },
    ])
  })

  test('a commit at none that needs a new segment is written within the interval', async () => {
    await runCommandsAsync(SMALL_SEGMENTS, [
      { do: 'keyspace', ks: 3 },
      {
        do: 'transaction',
        steps: [{ step: 'put', ks: 3, key: 'key0739', value: ['p', 8199] }],
        end: 'commit',
        isolation: 'serializable',
      },
      { do: 'put', ks: 0, key: 'fill2-000260', value: '39674', durability: 'none' },
      { do: 'time', ms: 1000 },
      { do: 'crash' },
    ])
  })
})
