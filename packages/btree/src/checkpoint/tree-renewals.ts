import { isLdbError, ownProperty } from '@ldb/base'
import type {
  CompactionRequest,
  KeyRenewal,
  ResumableTask,
  Seq,
  StoreLog,
  Syncable,
  TaskSteps,
} from '@ldb/base'
import type { Meta } from '../file/meta.js'
import { writeSpare } from '../file/meta-blocks.js'
import { META_BLOCK_BYTES } from '../format.js'
import { SLICE_EXAMINED, SLICE_MOVED } from '../space/time-slices.js'
import type { TreeStatus } from '../tree-status.js'
import type { TreeState } from '../write/tree-state.js'
import { oldDictionaryBytes, oldMetaBlocks, TreeRenewal } from './tree-renewal.js'

/** What a renewal needs of the checkpoints of its tree. */
interface RenewedTree {
  readonly meta: Meta
  assertWritable(): void
  noteChange(): void
  beginAnew(seq: Seq, log: StoreLog | undefined, timeSlice: Syncable | undefined): ResumableTask
}

/** Renews a tree in passes, of which each rewrites what is under older data keys, or counts it. @internal */
export class TreeRenewals {
  readonly #tree: TreeState
  readonly #status: TreeStatus
  readonly #checkpoints: RenewedTree
  /** The pass in progress. */
  #pass: TreeRenewal | undefined = undefined

  constructor(tree: TreeState, status: TreeStatus, checkpoints: RenewedTree) {
    this.#tree = tree
    this.#status = status
    this.#checkpoints = checkpoints
  }

  /**
   * Rewrites pages and extents that are encrypted with older data keys, up to a number of bytes, and the dictionaries and the meta blocks at
   * the end of a pass; or counts them.
   */
  *steps(renewal: KeyRenewal, request: CompactionRequest, seq: () => Seq): TaskSteps {
    const timeSlice = ownProperty(request, 'timeSlice', 'the request')
    const { bytesMax } = renewal
    const isCounting = bytesMax === 0
    const pass = isCounting ? new TreeRenewal(this.#tree) : (this.#pass ??= new TreeRenewal(this.#tree))
    let bytes = 0
    while (!pass.isDone && (isCounting || bytes < bytesMax)) {
      bytes += this.#renewSlice(pass, renewal)
      if (timeSlice !== undefined) yield timeSlice
    }
    const { pages } = this.#tree
    if (pass.isDone) bytes += this.#renewDictionaries(renewal)
    const blockCount = pass.isDone ? oldMetaBlocks(pages, renewal) : 0
    if (isCounting) {
      if (blockCount > 0) renewal.noteFound(blockCount, blockCount * META_BLOCK_BYTES)
      return
    }
    if (pass.isDone) this.#pass = undefined
    const log = ownProperty(request, 'log', 'the request')
    // Each checkpoint writes one of two blocks, even if nothing has changed.
    const checkpointCount = blockCount > 0 ? 2 : bytes > 0 ? 1 : 0
    for (let count = 0; count < checkpointCount; count += 1) {
      yield this.#checkpoints.beginAnew(seq(), log, timeSlice)
    }
    if (blockCount === 0) return
    this.#status.guardWrites(() => {
      writeSpare(pages.file, pages.codec, this.#checkpoints.meta)
    })
    yield pages.metaRewrite.fileSync
    renewal.noteRewritten(blockCount, blockCount * META_BLOCK_BYTES)
  }

  /** Examines leaves for a time slice, and rewrites what is under older keys unless it is only counted. Returns the rewritten bytes. */
  #renewSlice(pass: TreeRenewal, renewal: KeyRenewal): number {
    // Other work may have closed the tree, or failed, since the last slice.
    this.#checkpoints.assertWritable()
    let rewritten = 0
    for (let left = SLICE_EXAMINED, moves = 0; left > 0 && moves < SLICE_MOVED && !pass.isDone; left -= 1) {
      const { unitCount, byteCount } = findOld(pass, renewal)
      if (unitCount > 0 && renewal.bytesMax === 0) renewal.noteFound(unitCount, byteCount)
      else if (unitCount > 0) {
        this.#checkpoints.noteChange()
        this.#status.guardChange(() => {
          pass.rewrite(renewal)
        })
        renewal.noteRewritten(unitCount, byteCount)
        rewritten += byteCount
        moves += 1
      }
      pass.advance()
    }
    return rewritten
  }

  /** Rewrites the dictionaries if they are under an older key, or counts them. Returns the rewritten bytes. */
  #renewDictionaries(renewal: KeyRenewal): number {
    const { pages } = this.#tree
    const byteCount = oldDictionaryBytes(pages, renewal)
    if (byteCount === 0) return 0
    if (renewal.bytesMax === 0) {
      renewal.noteFound(1, byteCount)
      return 0
    }
    this.#checkpoints.assertWritable()
    this.#checkpoints.noteChange()
    let isRewritten = false
    this.#status.guardChange(() => {
      isRewritten = pages.dictionaries.moveBelow(0)
    })
    if (isRewritten) renewal.noteRewritten(1, byteCount)
    return isRewritten ? byteCount : 0
  }
}

/** Finds what is under older keys in the next leaf and above. What is damaged is not rewritten, and remains to be. */
function findOld(pass: TreeRenewal, renewal: KeyRenewal): ReturnType<TreeRenewal['find']> {
  try {
    return pass.find(renewal)
  } catch (error) {
    if (!isLdbError(error, 'LDB_CORRUPTION')) throw error
    return { unitCount: renewal.bytesMax === 0 ? 1 : 0, byteCount: 0 }
  }
}
