import { PostgresServer } from './postgres.js'

const STREAM_TIMEOUT_MS = 30_000

/** One primary and two standbys, of which at least one confirms each commit. */
export class PostgresGroup {
  /** The members, by name: `m0`, `m1`, `m2`. */
  readonly members: readonly PostgresServer[]
  #primaryIndex = 0

  private constructor(members: readonly PostgresServer[]) {
    this.members = members
  }

  /** Starts three servers on loopback. */
  static async start(bin: string): Promise<PostgresGroup> {
    const settings = [
      'wal_keep_size = 256MB',
      'hot_standby = on',
      'wal_receiver_timeout = 2s',
      'wal_sender_timeout = 2s',
    ]
    const members = [await PostgresServer.start(bin, { settings })]
    const group = new PostgresGroup(members)
    try {
      for (const name of ['m1', 'm2'])
        members.push(await PostgresServer.startStandby(bin, group.primary, name))
      // Without a standby, commits would wait for ever.
      await group.#waitForStandbys(2)
      group.#requireStandby(group.primary)
      return group
    } catch (error) {
      await group.stop()
      throw error
    }
  }

  get primary(): PostgresServer {
    return this.#member(this.#primaryIndex)
  }

  get standbys(): readonly PostgresServer[] {
    return this.members.filter((member) => member !== this.primary)
  }

  /** Connection string with all members. */
  get url(): string {
    const hosts = this.members.map(({ port }) => `127.0.0.1:${port}`).join(',')
    return `postgres://postgres:${this.primary.password}@${hosts}/postgres`
  }

  /**
   * Kills the primary, promotes the standby that has received most, and makes the old primary a standby of it again.
   */
  async failover(): Promise<void> {
    const failed = this.primary
    await failed.process.kill()
    const receivedOf = (server: PostgresServer): bigint =>
      BigInt(
        server.query(
          "select (coalesce(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) - '0/0'::pg_lsn)::bigint",
        ),
      )
    const [first, second] = this.standbys
    if (first === undefined || second === undefined) throw new Error('the group has no standbys')
    const [next, other] = receivedOf(first) >= receivedOf(second) ? [first, second] : [second, first]
    this.#requireStandby(next)
    next.query('select pg_promote(true, 30)', STREAM_TIMEOUT_MS)
    this.#primaryIndex = this.members.indexOf(next)
    other.follow(next, this.#nameOf(other))
    other.query('select pg_reload_conf()')
    failed.copyFrom(next)
    failed.follow(next, this.#nameOf(failed))
    await failed.restart()
    await this.#waitForStandbys(2)
  }

  /** Waits until both standbys receive from the primary. */
  async #waitForStandbys(count: number): Promise<void> {
    const endMs = Date.now() + STREAM_TIMEOUT_MS
    while (
      this.primary.query("select count(*) from pg_stat_replication where state = 'streaming'") !==
      String(count)
    ) {
      if (Date.now() > endMs) throw new Error(`the standbys do not follow:\n${this.primary.log()}`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  /** Starts a standby again that was killed. */
  async restartStandby(standby: PostgresServer): Promise<void> {
    await standby.restart()
    await this.#waitForStandbys(2)
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.stop()))
  }

  #requireStandby(server: PostgresServer): void {
    server.configure(["synchronous_standby_names = 'ANY 1 (m0,m1,m2)'"])
    server.query('select pg_reload_conf()')
  }

  #nameOf(member: PostgresServer): string {
    return `m${this.members.indexOf(member)}`
  }

  #member(index: number): PostgresServer {
    const member = this.members[index]
    if (member === undefined) throw new Error(`there is no member ${index}`)
    return member
  }
}
