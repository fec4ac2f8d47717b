import { createSecretKey, randomBytes } from 'node:crypto'
import { isLdbError } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { AsyncDatabase, Database, readDataKeys } from './index.js'
import type { DatabaseOptions, Encryption } from './index.js'

const KEY = new Uint8Array(32).fill(9)
const MARKS = [
  'canary of a key, 32 bytes long..',
  'canary of a value, 32 bytes long',
  'canary of a name',
] as const

function codeOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
  return 'none'
}

/** All files of a directory, by path. */
function filesOf(vfs: MemoryVfs, directory: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>()
  for (const name of vfs.list(directory)) {
    const path = `${directory}/${name}`
    if (vfs.status(path)?.kind === 'directory') {
      for (const [each, bytes] of filesOf(vfs, path)) files.set(each, bytes)
      continue
    }
    const file = vfs.open(path, 'read')
    const bytes = Buffer.alloc(file.length())
    file.read(bytes, 0, bytes.length, 0)
    file.close()
    files.set(path, bytes)
  }
  return files
}

const imageOf = (vfs: MemoryVfs): string[] =>
  [...filesOf(vfs, 'db')].map(([path, bytes]) => `${path} ${bytes.toString('latin1')}`)

function fill(options: DatabaseOptions, vfs: MemoryVfs = new MemoryVfs()): MemoryVfs {
  const db = Database.open('db', { vfs, encryption: { key: KEY }, ...options })
  const lsm = db.keyspace(MARKS[2], { engine: 'lsm' })
  for (let index = 0; index < 300; index++) {
    db.put(`${MARKS[0]} ${index}`, `${MARKS[1]} ${index}`)
    lsm.put(`${MARKS[0]} ${index}`, `${MARKS[1]} ${index}`)
  }
  db.put('large', MARKS[1].repeat(4000), { durability: 'none' })
  db.checkpoint()
  db.put('after the checkpoint', MARKS[1])
  db.close()
  return vfs
}

test('an encrypted database is read as it was written, verified and destroyed', () => {
  const vfs = fill({})
  const options = { vfs, encryption: { key: KEY } }
  const db = Database.open('db', options)
  expect([db.count(), db.get('after the checkpoint'), db.get('large')?.length]).toEqual([
    302,
    MARKS[1],
    128_000,
  ])
  expect(db.keyspace(MARKS[2]).get(`${MARKS[0]} 7`)).toBe(`${MARKS[1]} 7`)
  expect(db.verify().findings).toEqual([])
  db.close()
  expect(Database.verify('db', options).findings).toEqual([])
  const reader = Database.open('db', { ...options, readOnly: true })
  expect(reader.get(`${MARKS[0]} 299`)).toBe(`${MARKS[1]} 299`)
  reader.close()
  Database.destroy('db', { vfs })
  expect(vfs.status('db')).toBeUndefined()
})

test('no key, value or name of a keyspace is in any file, open or closed', () => {
  const vfs = new MemoryVfs()
  const expectNone = (): void => {
    for (const [path, bytes] of filesOf(vfs, 'db')) {
      for (const mark of MARKS) expect([path, bytes.includes(mark.slice(0, 14))]).toEqual([path, false])
    }
  }
  fill({}, vfs)
  expectNone()
  const db = Database.open('db', { vfs, encryption: { key: KEY } })
  db.put(MARKS[0], MARKS[1])
  db.keyspace(MARKS[2]).clear()
  expectNone()
  db.close()
  expectNone()
})

test('a wrong, a missing and a needless key are LDB_KEY, and change no byte', () => {
  const vfs = fill({})
  const before = imageOf(vfs)
  const wrong: (Encryption | undefined)[] = [
    { key: KEY.map((byte) => byte ^ 1) },
    { passphrase: 'text' },
    undefined,
  ]
  for (const encryption of wrong) {
    for (const readOnly of [false, true]) {
      const options = { vfs, readOnly, ...(encryption !== undefined && { encryption }) }
      expect(codeOf(() => Database.open('db', options))).toBe('LDB_KEY')
    }
    expect(
      codeOf(() => Database.verify('db', { vfs, ...(encryption !== undefined && { encryption }) })),
    ).toBe('LDB_KEY')
  }
  expect(imageOf(vfs)).toEqual(before)
  const plain = new MemoryVfs()
  Database.open('db', { vfs: plain }).close()
  const image = imageOf(plain)
  expect(codeOf(() => Database.open('db', { vfs: plain, encryption: { key: KEY } }))).toBe('LDB_KEY')
  expect(imageOf(plain)).toEqual(image)
})

test('keys are bytes, key objects and passphrases; others are refused', async () => {
  const secret = createSecretKey(randomBytes(32))
  const vfs = new MemoryVfs()
  Database.open('object', { vfs, encryption: { key: secret } }).close()
  Database.open('object', { vfs, encryption: { key: new Uint8Array(secret.export()) } }).close()
  const passphrase = { passphrase: 'caf\u00e9', passphraseCost: 10 }
  Database.open('passphrase', { vfs, encryption: passphrase }).close()
  // The same text in another form, with the cost that the file says.
  Database.open('passphrase', { vfs, encryption: { passphrase: 'cafe\u0301' } }).close()
  expect(codeOf(() => Database.open('passphrase', { vfs, encryption: { passphrase: 'cafe' } }))).toBe(
    'LDB_KEY',
  )
  const refused: [unknown, string][] = [
    [KEY, 'LDB_INVALID_ARGUMENT'],
    [{}, 'LDB_INVALID_ARGUMENT'],
    [{ key: KEY, passphrase: 'text' }, 'LDB_INVALID_ARGUMENT'],
    [{ key: KEY.subarray(1) }, 'LDB_KEY'],
    [{ key: 'text' }, 'LDB_INVALID_ARGUMENT'],
    [{ key: {} }, 'LDB_INVALID_ARGUMENT'],
    [{ passphrase: '' }, 'LDB_INVALID_ARGUMENT'],
    [{ passphrase: 'text', passphraseCost: 30 }, 'LDB_INVALID_ARGUMENT'],
    [{ key: KEY, passphraseCost: 12 }, 'LDB_INVALID_ARGUMENT'],
    [{ keyProvider: () => KEY }, 'LDB_INVALID_ARGUMENT'],
    [{ key: KEY, cipher: 'aes' }, 'LDB_INVALID_ARGUMENT'],
  ]
  for (const [encryption, code] of refused) {
    expect(codeOf(() => Database.open('new', { vfs, encryption: encryption as Encryption }))).toBe(code)
  }
  expect(vfs.status('new')).toBeUndefined()
  expect(codeOf(() => Database.memory({ encryption: { key: KEY } }))).toBe('LDB_INVALID_ARGUMENT')
  const db = await AsyncDatabase.open('object', { vfs, encryption: { keyProvider: async () => secret } })
  await db.put('a', 'b')
  await db.close()
  const failing = { keyProvider: () => Promise.reject(new Error('offline')) }
  await expect(AsyncDatabase.open('object', { vfs, encryption: failing })).rejects.toMatchObject({
    code: 'LDB_KEY',
  })
})

test('a damaged slot of the key file is replaced by the other, two are LDB_CORRUPTION, and so is a missing file', () => {
  const vfs = fill({})
  const file = vfs.open('db/KEYS', 'write')
  const options = { vfs, encryption: { key: KEY } }
  for (const at of [10, 60, 200]) {
    const bytes = filesOf(vfs, 'db').get('db/KEYS')!
    file.write(Uint8Array.of(bytes[at]! ^ 1), 0, 1, at)
    Database.open('db', { ...options, readOnly: true }).close()
    file.write(Uint8Array.of(bytes[at]! ^ 1), 0, 1, 8192 + at)
    expect(codeOf(() => Database.open('db', options))).toBe('LDB_CORRUPTION')
    file.write(bytes, 0, bytes.length, 0)
  }
  file.close()
  vfs.rename('db/KEYS', 'db/KEYS.away')
  expect(codeOf(() => Database.open('db', options))).toBe('LDB_CORRUPTION')
})

test('a rotated key is the only one, from the call on, and the old units stay readable', async () => {
  const vfs = fill({})
  const old = { vfs, encryption: { key: KEY } }
  const next = { vfs, encryption: { passphrase: 'the next one', passphraseCost: 10 } }
  const db = Database.open('db', old)
  expect(db.stats().encryption).toMatchObject({ dataKeyId: 1, dataKeyCount: 1 })
  db.put('before', '1')
  db.rotateKey(next.encryption)
  db.put('after', '2')
  db.keyspace(MARKS[2]).put('after', '3')
  expect(db.stats().encryption).toMatchObject({ dataKeyId: 2, dataKeyCount: 2 })
  expect(db.verify().findings).toEqual([])
  db.close()
  expect(codeOf(() => Database.open('db', old))).toBe('LDB_KEY')
  const again = await AsyncDatabase.open('db', next)
  expect(await again.getMany(['before', 'after', `${MARKS[0]} 3`])).toEqual(['1', '2', `${MARKS[1]} 3`])
  await again.rotateKey({ keyProvider: () => KEY })
  await again.put('third', '4')
  expect((await again.verify()).findings).toEqual([])
  await again.close()
  expect(codeOf(() => Database.open('db', next))).toBe('LDB_KEY')
  const last = Database.open('db', old)
  expect(last.get('third')).toBe('4')
  for (let index = 0; index < 70; index++) last.rotateKey({ key: new Uint8Array(32).fill(index) })
  expect(last.stats().encryption).toMatchObject({ dataKeyId: 64, dataKeyCount: 64 })
  last.close()
  Database.open('db', { vfs, encryption: { key: new Uint8Array(32).fill(69) } }).close()
})

test('a key is rotated in an encrypted database that may be written to only', () => {
  const vfs = fill({})
  const reader = Database.open('db', { vfs, encryption: { key: KEY }, readOnly: true })
  expect(codeOf(() => reader.rotateKey({ key: KEY }))).toBe('LDB_READ_ONLY')
  reader.close()
  expect(codeOf(() => reader.rotateKey({ key: KEY }))).toBe('LDB_CLOSED')
  const plain = Database.memory()
  expect(codeOf(() => plain.rotateKey({ key: KEY }))).toBe('LDB_KEY')
  expect(codeOf(() => plain.rotateKey(undefined as never))).toBe('LDB_INVALID_ARGUMENT')
  plain.close()
})

test('an older copy of the directory is refused by a state token, and another database, too', async () => {
  const vfs = fill({})
  const options = { vfs, encryption: { key: KEY } }
  const older = filesOf(vfs, 'db')
  const db = Database.open('db', options)
  const first = db.stateToken()
  db.put('more', '1')
  const token = db.stateToken()
  expect(token).not.toBe(first)
  db.close()
  Database.open('db', { ...options, minState: token }).close()
  Database.open('db', { ...options, minState: first }).close()
  for (const path of filesOf(vfs, 'db').keys()) vfs.remove(path)
  for (const [path, bytes] of older) {
    const file = vfs.open(path, 'create')
    file.write(bytes, 0, bytes.length, 0)
    file.close()
  }
  expect(codeOf(() => Database.open('db', { ...options, minState: token }))).toBe('LDB_CORRUPTION')
  Database.open('db', { ...options, minState: first }).close()
  expect(codeOf(() => Database.open('other', { vfs, minState: first }))).toBe('LDB_CORRUPTION')
  for (const minState of ['', 'text', `${token}0`, token.replace(/^../, '02'), 5]) {
    expect(codeOf(() => Database.open('db', { vfs, minState: minState as string }))).toBe(
      'LDB_INVALID_ARGUMENT',
    )
  }
  const memory = await AsyncDatabase.memory()
  expect(await memory.stateToken()).toHaveLength(82)
  await memory.close()
})

test('tools read the data keys of a key file, of which one slot may be damaged', () => {
  const vfs = fill({})
  const db = Database.open('db', { vfs, encryption: { key: KEY } })
  db.rotateKey({ key: KEY.map((byte) => byte + 1) }, { renew: false })
  db.close()
  const bytes = filesOf(vfs, 'db').get('db/KEYS') as Buffer
  const encryption = { key: KEY.map((byte) => byte + 1) }
  const found = readDataKeys(bytes, encryption, 'KEYS')
  expect([found.currentId, found.keys.map(({ id, key }) => [id, key.length])]).toEqual([
    2,
    [
      [1, 32],
      [2, 32],
    ],
  ])
  expect(Object.keys(found).sort()).toEqual(['currentId', 'databaseId', 'keys'])
  expect(readDataKeys(Buffer.from(bytes).fill(0, 100, 200), encryption, 'KEYS')).toEqual(found)
  const codes: [unknown, unknown, unknown, string][] = [
    [bytes, { key: KEY }, 'KEYS', 'LDB_KEY'],
    [bytes, { passphrase: 'p' }, 'KEYS', 'LDB_KEY'],
    [bytes, undefined, 'KEYS', 'LDB_KEY'],
    [bytes.subarray(0, 100), encryption, 'KEYS', 'LDB_CORRUPTION'],
    ['bytes', encryption, 'KEYS', 'LDB_INVALID_ARGUMENT'],
    [bytes, encryption, 7, 'LDB_INVALID_ARGUMENT'],
    [bytes, { keyProvider: () => KEY }, 'KEYS', 'LDB_INVALID_ARGUMENT'],
  ]
  for (const [keyFile, secret, file, code] of codes)
    expect(codeOf(() => readDataKeys(keyFile as Uint8Array, secret as Encryption, file as string))).toBe(code)
})
