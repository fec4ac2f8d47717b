// Regression tests of the model suite: reduced failing runs.
import { describe, test } from 'vitest'
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
})
