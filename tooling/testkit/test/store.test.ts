import { expect, test } from 'vitest'
import type { OrderedStore } from '@ldb/base'
import { STORE_CASES, storeSuite } from '../src/store/suite.js'
import type { StoreMaker } from '../src/store/store-maker.js'
import { MISS } from '../src/vfs/missing-vfs.js'
import { treeStoresOf } from '../src/subjects/tree-stores.js'

const configurations = [
  treeStoresOf(512, 32),
  treeStoresOf(512, 1000),
  treeStoresOf(1024, 40),
  treeStoresOf(4096, 64),
  treeStoresOf(8192, 32),
  treeStoresOf(32_768, 100),
]

for (const maker of configurations) {
  for (const one of STORE_CASES) {
    test(`${maker.name}: ${one.name}`, () => {
      one.run(maker)
    })
  }
  test.each([1, 2, 3])(`${maker.name}: random operations, seed %i`, (seed) => {
    expect(storeSuite(maker, seed).steps).toBe(400)
  })
}

/** Wraps each store of a maker. */
function faulty(fault: (store: OrderedStore) => Partial<OrderedStore>): StoreMaker {
  const right = treeStoresOf(512, 100)
  return {
    name: 'faulty',
    make: (layer) => {
      const place = right.make(layer)
      return {
        open: () => {
          const store = place.open()
          const changed = fault(store)
          return new Proxy(store, {
            get: (target, name) => {
              const own: unknown = Reflect.get(changed, name)
              if (own !== undefined) return own
              const value: unknown = Reflect.get(target, name, target)
              return typeof value === 'function' ? (value.bind(target) as unknown) : value
            },
          })
        },
      }
    },
  }
}

test('a store with one fault fails the suite', () => {
  const wrong: ((store: OrderedStore) => Partial<OrderedStore>)[] = [
    (store) => ({ has: (key) => store.has(key) }),
    () => ({ checkpoint: () => undefined }),
    (store) => ({
      get: (key, keyBytes) => (keyBytes === undefined ? new Uint8Array(0) : store.get(key, keyBytes)),
    }),
    () => ({ endReplay: () => undefined }),
    () => ({ beginReplay: () => undefined }),
    // A miss is taken for an absent key.
    (store) => ({
      get: (key, keyBytes) => {
        try {
          return store.get(key, keyBytes)
        } catch (error) {
          if (error === MISS) return undefined
          throw error
        }
      },
    }),
    (store) => ({
      verify: (sink) => sink.finding({ kind: 'leak', file: '', offset: store.seq, message: '' }),
    }),
  ]
  for (const fault of wrong) expect(() => storeSuite(faulty(fault), 1)).toThrow()
})
