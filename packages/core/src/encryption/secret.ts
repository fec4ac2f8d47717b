import { encodeUtf8, invalidArgument, kindOf, LdbError, ownOptions, ownProperty } from '@ldb/base'
import { KEY_BYTES } from '@ldb/integrity'
import { SCRYPT_COST_MAX, SCRYPT_COST_MIN } from '../format.js'

/** A `KeyObject` of `node:crypto` that holds a secret key, or an object of another platform with the same method. @category Options */
export interface SecretKeyObject {
  /** Returns the bytes of the key. */
  export(): unknown
}

/** A master key: 32 random bytes, or a `KeyObject` that holds them. @category Options */
export type MasterKey = Uint8Array | SecretKeyObject

/**
 * What an encrypted database is opened with: a key, a passphrase, or a function that gets the key from elsewhere.
 *
 * @category Options
 */
export type Encryption =
  | {
      /** 32 random bytes. */
      readonly key: MasterKey
    }
  | {
      /** A text of any length, from which scrypt derives the key. */
      readonly passphrase: string
      /**
       * Binary logarithm of the cost of scrypt, 10 to 18, when the passphrase is set: each step doubles time and memory, which are
       * about 0.4 s and 128 MiB at 17. The file says with which cost a passphrase is to be checked.
       * @defaultValue 17
       */
      readonly passphraseCost?: number
    }
  | {
      /** Returns the key, for instance from a key management service. For the asynchronous API only. */
      readonly keyProvider: () => MasterKey | Promise<MasterKey>
    }

/** A checked key or passphrase. */
export type Secret =
  | { readonly kind: 'key'; readonly bytes: Uint8Array }
  | { readonly kind: 'passphrase'; readonly bytes: Uint8Array; readonly cost: number }

const KNOWN = ['key', 'passphrase', 'passphraseCost', 'keyProvider'] as const
const COST_DEFAULT = 17

/**
 * Checks an encryption.
 *
 * @returns `undefined` for `undefined`.
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT; LDB_KEY for a key of another length.
 */
export function resolveEncryption(value: unknown): Secret | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'object' || value === null) {
    throw invalidArgument(
      `encryption must be an object with key, passphrase or keyProvider, not ${kindOf(value)}`,
    )
  }
  const { key, passphrase, passphraseCost, keyProvider } = ownOptions(value, KNOWN, 'options of encryption')
  const given = [key, passphrase, keyProvider].filter((each) => each !== undefined)
  if (given.length !== 1) throw invalidArgument('encryption needs one of key, passphrase and keyProvider')
  if (keyProvider !== undefined) {
    throw invalidArgument('a keyProvider needs AsyncDatabase.open, because it may return a promise')
  }
  if (key !== undefined) {
    if (passphraseCost !== undefined) throw invalidArgument('passphraseCost needs a passphrase')
    return { kind: 'key', bytes: bytesOfKey(key) }
  }
  if (typeof passphrase !== 'string' || passphrase.length === 0) {
    throw invalidArgument(`passphrase must be a text that is not empty, not ${kindOf(passphrase)}`)
  }
  const cost = passphraseCost ?? COST_DEFAULT
  if (
    typeof cost !== 'number' ||
    !Number.isInteger(cost) ||
    cost < SCRYPT_COST_MIN ||
    cost > SCRYPT_COST_MAX
  ) {
    throw invalidArgument(
      `passphraseCost must be a whole number from ${SCRYPT_COST_MIN} to ${SCRYPT_COST_MAX}`,
    )
  }
  // The same characters may be entered in several ways.
  return { kind: 'passphrase', bytes: encodeUtf8(passphrase.normalize('NFKC')), cost }
}

/**
 * Replaces the key provider of options by the key that it returns.
 *
 * @throws {@link LdbError} as `provideKey`.
 */
export async function withProvidedKey<Options extends object | undefined>(
  options: Options,
): Promise<Options> {
  if (typeof options !== 'object' || options === null) return options
  const given: unknown = ownProperty(options as { encryption?: unknown }, 'encryption')
  const encryption = await provideKey(given)
  if (encryption === given) return options
  try {
    return { ...options, encryption }
  } catch (cause) {
    throw new LdbError('LDB_INVALID_ARGUMENT', 'an option cannot be read', { cause })
  }
}

/**
 * Replaces a key provider by the key that it returns.
 *
 * @param value - an encryption, or anything else, which is returned as it is.
 * @throws {@link LdbError} LDB_KEY with the error of the provider as its cause.
 */
export async function provideKey(value: unknown): Promise<unknown> {
  if (typeof value !== 'object' || value === null) return value
  const provider: unknown = ownProperty(value as { keyProvider?: unknown }, 'keyProvider')
  if (provider === undefined) return value
  const { key, passphrase } = ownOptions(value, KNOWN, 'options of encryption')
  if (key !== undefined || passphrase !== undefined) {
    throw invalidArgument('encryption needs one of key, passphrase and keyProvider')
  }
  if (typeof provider !== 'function') {
    throw invalidArgument(`keyProvider must be a function, not ${kindOf(provider)}`)
  }
  try {
    return { key: await (provider as () => unknown)() }
  } catch (cause) {
    throw new LdbError('LDB_KEY', 'the keyProvider has failed', { cause })
  }
}

function bytesOfKey(key: unknown): Uint8Array {
  const bytes = key instanceof Uint8Array ? key : exported(key)
  if (bytes.length !== KEY_BYTES) {
    throw new LdbError('LDB_KEY', `a key must have ${KEY_BYTES} bytes`, {
      details: { expected: KEY_BYTES, actual: bytes.length },
    })
  }
  return bytes.slice()
}

/** A `KeyObject` is known by its method: it may be one of another realm, and portable code has no class to compare with. */
function exported(key: unknown): Uint8Array {
  let bytes: unknown
  try {
    bytes = typeof key === 'object' && key !== null ? (key as SecretKeyObject).export() : undefined
  } catch (cause) {
    throw new LdbError(
      'LDB_INVALID_ARGUMENT',
      'key must be a Uint8Array or a KeyObject that can be exported',
      {
        cause,
      },
    )
  }
  if (bytes instanceof Uint8Array) return bytes
  throw invalidArgument(`key must be a Uint8Array or a secret KeyObject, not ${kindOf(key)}`)
}
