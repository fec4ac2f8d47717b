// The types of encodings are part of the shared vocabulary.
export type { KeysOf, TypedKeys, TypedValues, ValuesOf } from '@ldb/base'
