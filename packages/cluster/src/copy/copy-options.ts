import { checkSignal, invalidArgument, keyEncoding, ownOptions, valueEncoding } from '@ldb/base'
import type {
  AbortSignalLike,
  AsyncOptions,
  KeyEncoding,
  KeyEncodingOption,
  ValueEncoding,
  ValueEncodingOption,
} from '@ldb/base'

/** How far a copy has come. @category Copies */
export interface CopyProgress {
  readonly phase: 'copy' | 'verify'
  readonly keyspace: string
  /** Entries of the keyspace that were copied, by earlier runs too, or verified. */
  readonly count: number
}

/** Encodings of a keyspace that are not built in. @category Copies */
export interface CopyEncodings {
  readonly keys?: KeyEncoding<never> | undefined
  readonly values?: ValueEncoding<never> | undefined
}

/** Options of {@link copyDatabase}. @category Copies */
export interface CopyOptions extends AsyncOptions {
  /** Is called after each batch. */
  readonly onProgress?: ((progress: CopyProgress) => void) | undefined
  /** Custom encodings, by keyspace. */
  readonly encodings?: { readonly [keyspace in string]?: CopyEncodings } | undefined
}

/** Checked {@link CopyOptions}. */
export interface ResolvedCopyOptions {
  readonly onProgress: (progress: CopyProgress) => void
  readonly encodings: NonNullable<CopyOptions['encodings']>
  readonly signal: AbortSignalLike | undefined
}

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveCopyOptions(options: CopyOptions | undefined): ResolvedCopyOptions {
  const known = ['onProgress', 'encodings', 'signal'] as const
  const { onProgress, encodings = {}, signal } = ownOptions(options, known)
  if (onProgress !== undefined && typeof onProgress !== 'function')
    throw invalidArgument('onProgress must be a function')
  return {
    onProgress: (onProgress as CopyOptions['onProgress']) ?? (() => undefined),
    encodings: encodings as ResolvedCopyOptions['encodings'],
    signal: checkSignal(signal),
  }
}

/** Encodings of a copied keyspace. */
export interface CopiedEncodings {
  readonly keys: KeyEncoding<unknown>
  readonly values: ValueEncoding<unknown>
}

/** Returns the encodings of a keyspace. @throws {@link LdbError} LDB_INVALID_ARGUMENT for a custom one that was not passed. */
export function encodingsOf(
  descriptor: { readonly name: string; readonly keys: string; readonly values: string },
  { encodings }: ResolvedCopyOptions,
): CopiedEncodings {
  const own = Object.hasOwn(encodings, descriptor.name) ? encodings[descriptor.name] : undefined
  return {
    keys: keyEncoding((own?.keys ?? descriptor.keys) as KeyEncodingOption<unknown>),
    values: valueEncoding((own?.values ?? descriptor.values) as ValueEncodingOption<unknown>),
  }
}
