// Reads the bytes of a B+tree file by its FORMAT.md alone, and with none of the tree's own code: what decides whether a
// damaged byte must be found may not share a fault with what has to find it.

const META_STRIDE = 4096
const META_BYTES = 512
const META_CHECKPOINT = 80
const META_ROOT_PAGE = 104
const META_FREE_SPACE_PAGE = 140
const PAGE_HEADER = 32
const SLOT = 8
const RUN_HEADER = 32

/** A page of a tree, an overflow run, or a page of free space. */
export interface TreePart {
  readonly kind: 'meta' | 'leaf' | 'branch' | 'run' | 'free-space'
  /** First byte in the file. */
  readonly start: number
  /** Behind the last byte that means something. */
  readonly end: number
}

/** Where things stand in a file. */
export interface TreeLayout {
  readonly pageBytes: number
  readonly parts: readonly TreePart[]
}

/** Place of a reference to a run within its file. */
export interface RunReferencePlace {
  readonly at: number
  readonly page: number
  readonly contentBytes: number
}

/** Returns everything that the newest checkpoint of a sound file reaches. */
export function treeLayout(bytes: Uint8Array): TreeLayout {
  const view = viewOf(bytes)
  const newest = newestMeta(view)
  const start = newest * META_STRIDE
  const pageBytes = view.getUint32(start + 40, true)
  const parts: TreePart[] = [{ kind: 'meta', start, end: start + META_BYTES }]
  const pending = [view.getUint32(start + META_ROOT_PAGE, true)]
  for (let page = pending.pop(); page !== undefined; page = pending.pop()) {
    const at = page * pageBytes
    const isLeaf = view.getUint8(at + 13) === 0
    parts.push({ kind: isLeaf ? 'leaf' : 'branch', start: at, end: at + pageBytes })
    if (!isLeaf) for (const place of childPlaces(view, at)) pending.push(view.getUint32(place, true))
    for (const run of isLeaf ? runReferences(view, at, pageBytes) : []) parts.push(runPart(run, pageBytes))
    for (const run of isLeaf ? [] : separatorRuns(view, at, pageBytes)) parts.push(runPart(run, pageBytes))
  }
  for (let page = view.getUint32(start + META_FREE_SPACE_PAGE, true); page !== 0;) {
    parts.push({ kind: 'free-space', start: page * pageBytes, end: (page + 1) * pageBytes })
    page = view.getUint32(page * pageBytes + 36, true)
  }
  return { pageBytes, parts }
}

/** Returns the block, 0 or 1, of the newest checkpoint. */
export function newestMeta(view: DataView): 0 | 1 {
  const [a, b] = [0, 1].map((block) => Number(view.getBigUint64(block * META_STRIDE + META_CHECKPOINT, true)))
  return (a ?? 0) > (b ?? 0) ? 0 : 1
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Returns where the records of a branch begin, each with the number of its child. */
export function childPlaces(view: DataView, page: number): number[] {
  return slotsOf(view, page).map(({ record }) => record)
}

/** Returns the references to runs in a leaf: of long keys and of long values. */
export function runReferences(view: DataView, page: number, pageBytes: number): RunReferencePlace[] {
  const places: RunReferencePlace[] = []
  const keyPartMax = pageBytes / 8
  for (const { record, keyBytes } of slotsOf(view, page)) {
    const keyPart = Math.min(keyBytes, keyPartMax)
    if (keyBytes > keyPartMax) places.push(referenceAt(view, record + 2 + keyPart - 24))
    if ((view.getUint16(record, true) & 0x8000) !== 0) places.push(referenceAt(view, record + 2 + keyPart))
  }
  return places
}

/** Returns the references to runs in a branch: of long separators. */
export function separatorRuns(view: DataView, page: number, pageBytes: number): RunReferencePlace[] {
  const keyPartMax = pageBytes / 8
  return slotsOf(view, page)
    .filter(({ keyBytes }) => keyBytes > keyPartMax)
    .map(({ record }) => referenceAt(view, record + 12 + keyPartMax - 24))
}

function slotsOf(view: DataView, page: number): { record: number; keyBytes: number }[] {
  const slots = []
  for (let slot = 0; slot < view.getUint16(page + 24, true); slot++) {
    const at = page + PAGE_HEADER + slot * SLOT
    slots.push({ record: page + view.getUint16(at + 4, true), keyBytes: view.getUint16(at + 6, true) })
  }
  return slots
}

function referenceAt(view: DataView, at: number): RunReferencePlace {
  return { at, page: view.getUint32(at, true), contentBytes: view.getUint32(at + 4, true) }
}

function runPart(run: RunReferencePlace, pageBytes: number): TreePart {
  const start = run.page * pageBytes
  return { kind: 'run', start, end: start + RUN_HEADER + run.contentBytes }
}
