import type { TestRandom } from '../../base/test-random.js'
import type { BeginOptions, Read, TextRange, TransactionStep } from './commands.js'
import type { TextSource } from './text-source.js'

/** Generators that transaction steps use. */
export interface StepParts {
  readonly random: TestRandom
  readonly texts: TextSource
  ks(): number
  range(): TextRange
  read(): Read
}

/** Returns random options of `begin`. */
export function beginOptions(random: TestRandom): BeginOptions {
  return {
    ...(random.chance(0.5) ? { isolation: random.pick(['snapshot', 'serializable'] as const) } : {}),
    ...(random.chance(0.1) ? { readOnly: true } : {}),
  }
}

/** Returns a random step of a transaction. */
export function transactionStep(parts: StepParts): TransactionStep {
  const { random, texts } = parts
  const ks = parts.ks()
  const step = random.weighted({
    put: 30,
    delete: 12,
    deleteRange: 3,
    clear: 1,
    read: 30,
    lock: 4,
    savepoint: 4,
    rollbackTo: 4,
  })
  switch (step) {
    case 'put':
      return { step, ks, key: texts.key(), value: texts.value() }
    case 'delete':
    case 'lock':
      return { step, ks, key: texts.key() }
    case 'deleteRange':
      return { step, ks, range: parts.range() }
    case 'clear':
      return { step, ks }
    case 'read':
      return { step, ks, ...parts.read() }
    case 'savepoint':
      return { step }
    case 'rollbackTo':
      return { step, savepoint: random.below(5) }
  }
}
