import { LeakDetector, optionalMember } from '@ldb/base'
import type { Scheduler } from '@ldb/vfs'
import type { LeakKind } from './events.js'
import type { LeakReporter, OpenedHandle } from './leaks.js'

/** What an open handle pins. It must not reference the handle. */
export interface PinnedResource {
  /** Releases it. Idempotent. */
  release(): void
}

/** The use of a resource by a handle of the API, until the handle is closed. */
export class HandleLease<Resource extends PinnedResource> implements OpenedHandle {
  readonly kind: LeakKind
  readonly resource: Resource
  readonly openedAtMs: number
  readonly stack: string | undefined

  constructor(kind: LeakKind, resource: Resource, openedAtMs: number, stack: string | undefined) {
    this.kind = kind
    this.resource = resource
    this.openedAtMs = openedAtMs
    this.stack = stack
  }
}

/** The resources of open handles. Those whose handles are garbage-collected are released and reported (S5). */
export class HandleLeases<Resource extends PinnedResource> {
  protected readonly reporter: LeakReporter
  protected readonly leases: LeakDetector<HandleLease<Resource>>

  constructor(reporter: LeakReporter, scheduler: Scheduler) {
    this.reporter = reporter
    const onLeak = (lease: HandleLease<Resource>): void => {
      try {
        lease.resource.release()
      } catch (error) {
        // A collection has no caller to which an error could be thrown.
        reporter.reportFailure(error)
      }
      reporter.report(lease)
    }
    this.leases = new LeakDetector(
      optionalMember(scheduler, 'afterCollection')?.bind(scheduler),
      onLeak,
      optionalMember(scheduler, 'immediate')?.bind(scheduler),
    )
  }

  /**
   * Adds a resource. The caller passes the result to `close`.
   *
   * @param handle - every object that uses the resource references it.
   */
  open(kind: LeakKind, resource: Resource, handle: object): HandleLease<Resource> {
    const { reporter } = this
    const lease = new HandleLease(kind, resource, reporter.nowMs, reporter.captureStack())
    this.leases.add(lease, handle)
    return lease
  }

  /** Releases a resource. Idempotent. */
  close(lease: HandleLease<Resource>): void {
    this.leases.remove(lease)
    lease.resource.release()
  }

  /** Releases all resources, when the database closes. */
  releaseAll(): void {
    for (const { resource } of this.leases.takeAll()) resource.release()
  }

  /** Releases and reports all resources: no handle is reachable any more. */
  leakAll(): void {
    this.leases.leakAll()
  }
}
