// Tests that fail in QuickJS, by file and name, and why. `*` means all tests of a file.
const FREED_AT_ONCE =
  'QuickJS frees an object with its last reference: a weak reference does not keep a buffer until the next collection'

export const KNOWN_FAILURES = {
  'base/src/bytes/buffer-pool.test.ts': {
    'retains at most five buffers': FREED_AT_ONCE,
    'batches that are filled one after the other reuse a buffer and contain only their own operations':
      FREED_AT_ONCE,
  },
  'base/src/bytes/shared-bytes.test.ts': {
    '*': 'the tests replace functions of Node.js that transfer buffers',
  },
}
