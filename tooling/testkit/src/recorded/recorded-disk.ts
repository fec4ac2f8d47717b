import { CrashDisk } from '../crash/disk.js'
import { CrashInode } from '../crash/inode.js'
import type { CrashDirectory } from '../crash/namespace.js'
import { CrashVfs } from '../crash/crash-vfs.js'
import type { CrashPlan } from '../crash/plan.js'
import { Violation } from '../base/violation.js'
import { bytesOf, textOf } from './system-call.js'
import type { CallEvent } from './system-call.js'

/** An open descriptor of the recorded process. */
interface Descriptor {
  readonly node: CrashInode | CrashDirectory
  /** File position, for writes without an offset. */
  position: number
}

/**
 * Applies recorded system calls to a simulated disk, which can lose power after each of them.
 *
 * A write takes effect when it ends. A sync covers what had ended when it began, and takes effect when it ends.
 */
export class RecordedDisk {
  readonly #disk: CrashDisk
  readonly #base: string
  readonly #descriptors: Map<number, Descriptor> = new Map()
  /** Sequence numbers of the disk when the calls in progress began, by thread. */
  readonly #begun: Map<number, number> = new Map()

  /** @param base - the recorded directory; it exists and is durable. Calls outside it are ignored. */
  constructor(base: string, seed: number) {
    this.#base = base
    this.#disk = new CrashDisk(seed, 0)
  }

  /** Number of changes and syncs so far. */
  get operationCount(): number {
    return this.#disk.operationCount
  }

  /** Returns the disk after a power loss now. */
  image(plan: CrashPlan): CrashVfs {
    return new CrashVfs({ seed: plan.seed }, this.#disk.afterPowerLoss(plan))
  }

  /** Applies the begin or the end of a call. */
  apply(event: CallEvent): void {
    const { thread, name, args, result } = event
    if (result === undefined) {
      this.#begun.set(thread, this.#disk.operationCount)
      // From here on the system may give the number to another file, whichever call is seen to end first.
      if (name === 'close') this.#descriptors.delete(Number(args[0]))
      return
    }
    if (result < 0) return
    switch (name) {
      case 'openat':
        this.#open(textOf(args[1] ?? ''), args[2] ?? '', result)
        return
      case 'open':
        this.#open(textOf(args[0] ?? ''), args[1] ?? '', result)
        return
      case 'pwrite64':
        this.#write(args, result, Number(args[3]))
        return
      case 'write':
        this.#write(args, result, undefined)
        return
      case 'ftruncate':
        this.#truncate(Number(args[0]), Number(args[1]))
        return
      case 'fsync':
      case 'fdatasync':
        this.#sync(Number(args[0]), this.#begun.get(thread) ?? 0)
        return
      default:
        this.#changeNames(name, args)
    }
  }

  #open(path: string, flags: string, descriptor: number): void {
    const inside = this.#inside(path)
    if (inside === undefined) return
    let node = this.#disk.names.find(inside)
    if (node === undefined) {
      if (!flags.includes('O_CREAT')) throw new Violation(`the recording opens an unknown file ${inside}`)
      node = this.#disk.newFile()
      this.#disk.changeNames([{ ...this.#disk.names.locate(inside, 'open'), node }])
      this.#disk.did('create', inside)
    }
    this.#descriptors.set(descriptor, { node, position: 0 })
    if (flags.includes('O_TRUNC')) this.#truncate(descriptor, 0)
  }

  #write(args: readonly string[], count: number, offset: number | undefined): void {
    const descriptor = this.#descriptors.get(Number(args[0]))
    if (!(descriptor?.node instanceof CrashInode)) return
    const bytes = bytesOf(args[1] ?? '').subarray(0, count)
    if (bytes.length !== count) throw new Violation('the recording does not contain all written bytes')
    const { node } = descriptor
    node.change({
      order: this.#disk.beginChange(node),
      kind: 'write',
      offset: offset ?? descriptor.position,
      bytes,
    })
    if (offset === undefined) descriptor.position += count
    this.#disk.did('write', '')
  }

  #truncate(descriptor: number, length: number): void {
    const node = this.#descriptors.get(descriptor)?.node
    if (!(node instanceof CrashInode)) return
    node.change({ order: this.#disk.beginChange(node), kind: 'length', length })
    this.#disk.did('truncate', '')
  }

  #sync(descriptor: number, begin: number): void {
    const node = this.#descriptors.get(descriptor)?.node
    if (node === undefined) return
    if (node.kind === 'directory') this.#disk.syncDirectory(node, begin)
    else this.#disk.syncFile(node, node.pending.filter(({ order }) => order < begin).length)
    this.#disk.did(node.kind === 'directory' ? 'syncDirectory' : 'sync', '')
  }

  #changeNames(call: string, args: readonly string[]): void {
    const paths = args.filter((each) => each.startsWith('"')).map((each) => this.#inside(textOf(each)))
    const [source, target] = paths
    if (source === undefined) return
    const { names } = this.#disk
    const location = names.locate(source, call)
    if (call.startsWith('mkdir')) {
      this.#disk.changeNames([{ ...location, node: this.#disk.newDirectory() }])
      this.#disk.did('makeDirectory', source)
    } else if (call.startsWith('unlink') || call === 'rmdir') {
      this.#disk.changeNames([{ ...location, node: undefined }])
      this.#disk.did('remove', source)
    } else if (call.startsWith('rename') || call.startsWith('link')) {
      if (target === undefined) throw new Violation(`the recording moves ${source} out of its directory`)
      const node = names.find(source)
      const removal = call.startsWith('rename') ? [{ ...location, node: undefined }] : []
      this.#disk.changeNames([...removal, { ...names.locate(target, call), node }])
      this.#disk.did('rename', target)
    }
  }

  #inside(path: string): string | undefined {
    if (path === this.#base) return '/'
    return path.startsWith(`${this.#base}/`) ? path.slice(this.#base.length) : undefined
  }
}
