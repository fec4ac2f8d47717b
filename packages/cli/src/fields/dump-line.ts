/** A part of a dump: a heading, a remark, a field with its bytes, or a unit that can be inspected by its offset. */
export type DumpLine =
  | { readonly title: string }
  | { readonly note: string }
  | { readonly offset: number; readonly bytes: Uint8Array; readonly field: string; readonly value: string }
  | { readonly offset: number; readonly byteCount: number; readonly unit: string; readonly detail: string }

/** What a walk over bytes returns, as it goes: a reader that stops ends it. */
export type DumpLines = Generator<DumpLine, void, void>
