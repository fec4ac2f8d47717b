import { ownProperty } from '@ldb/base'
import type { StoreVerifyOptions } from '@ldb/base'

/** {@link StoreVerifyOptions} with all defaults. @internal */
type ResolvedVerifyOptions = Required<StoreVerifyOptions>

/** @internal */
export function ownVerifyOptions(options: StoreVerifyOptions = {}): ResolvedVerifyOptions {
  return {
    rebuild: ownProperty(options, 'rebuild', 'the options') ?? false,
    pinMs: ownProperty(options, 'pinMs', 'the options') ?? Infinity,
    now: ownProperty(options, 'now', 'the options') ?? ((): number => 0),
  }
}
