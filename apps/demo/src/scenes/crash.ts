import { setTimeout as sleep } from 'node:timers/promises'
import { isLdbError } from '@ldb/core'
import { auditBank, resetBank, lastTransferNumber, TOTAL_MONEY } from '../crash/bank.js'
import type { Audit } from '../crash/bank.js'
import { WriterProcess } from '../crash/writer-process.js'
import { formatCount, formatCounted, formatDuration } from '../output/format-figures.js'
import { Ledger } from '../crash/ledger.js'
import type { SceneContext } from './scene-context.js'
import { timed } from './stopwatch.js'
import { DemoStore } from '../database/demo-store.js'

/** What one kill measured. */
export interface KillFigures {
  /** From the first acknowledgement to the kill, in milliseconds. */
  readonly killedAfterMs: number
  /** Commits that were acknowledged before it. */
  readonly acknowledgedCount: number
  /** Commits that survived although the kill overtook their acknowledgement. */
  readonly unacknowledgedCount: number
  /** Acknowledged commits, of this round and all before it, that were not there. */
  readonly lostCount: number
  /** Opening the database after the kill, recovery included, in milliseconds. */
  readonly reopenMs: number
}

/** What the crash scene measured. */
export interface CrashFigures {
  readonly kills: readonly KillFigures[]
  readonly acknowledgedCount: number
  readonly lostCount: number
  readonly transferCount: number
  readonly wrongAccountCount: number
}

const KILL_COUNT = 3
const KILL_AFTER_MS_MIN = 250
const KILL_AFTER_MS_MAX = 1000

/** Scene: a writer is killed in full career, and every commit that it was told of must be there. */
export async function killAndRecover(context: SceneContext): Promise<CrashFigures> {
  const { screen, checks } = context
  screen.say(
    'A child process moves money between 100 accounts: three writes to two keyspaces make one commit, on the device ' +
      'before it is acknowledged. It says so over a pipe, and this process keeps the ledger. Then comes SIGKILL, at a ' +
      'random moment.',
  )
  screen.line('')
  screen.code(
    'db.batch()\n' +
      '  .in(accounts).put(from, poorer).put(to, richer)\n' +
      '  .in(transfers).put([number], { from, to, amount })\n' +
      '  .commit()',
  )
  screen.line('')
  resetBank(context.store)
  const ledger = new Ledger()
  const kills: KillFigures[] = []
  let lostCount = 0
  // Once something is lost there is nothing more to show: later commits would take the numbers of the lost ones.
  for (let round = 1; round <= KILL_COUNT && lostCount === 0; round++) {
    const kill = await killOnce(context, ledger, round)
    kills.push(kill)
    lostCount = kill.lostCount
  }
  const audit = auditBank(context.store)
  screen.line('')
  checks.expect(
    'crash.acknowledged',
    lostCount === 0 && ledger.count > 0,
    lostCount === 0
      ? `Every one of the ${formatCounted(ledger.count, 'acknowledged commit')} is there: 0 lost`
      : `Of ${formatCounted(ledger.count, 'acknowledged commit')}, ${formatCount(lostCount)} lost`,
  )
  expectBalancedBooks(context, audit)
  screen.line('')
  screen.note(
    'A kill takes what the process held, not what the operating system holds: this is a crash, not a power loss.',
  )
  const { transferCount, wrongAccountCount } = audit
  return { kills, acknowledgedCount: ledger.count, lostCount, transferCount, wrongAccountCount }
}

async function killOnce(context: SceneContext, ledger: Ledger, round: number): Promise<KillFigures> {
  const { screen } = context
  const transfersBefore = lastTransferNumber(context.store)
  const toldBefore = ledger.count
  context.close()
  const killedAfterMs = await writeAndKill(context, ledger, round)
  const { result: store, ms: reopenMs } = timed(() => context.open())
  const lostCount = ledger.lost((number) => store.transfers.get([number])).length
  const acknowledgedCount = ledger.count - toldBefore
  const survivedCount = lastTransferNumber(store) - transfersBefore
  const unacknowledgedCount = Math.max(0, survivedCount - acknowledgedCount)
  const beyond = unacknowledgedCount > 0 ? `; ${unacknowledgedCount} more survived unacknowledged` : ''
  screen.heading(
    `Kill ${round}, after ${formatDuration(killedAfterMs)}`,
    `open again in ${formatDuration(reopenMs)}`,
  )
  screen.line(`  ${formatCounted(acknowledgedCount, 'commit')} acknowledged, ${lostCount} lost${beyond}`)
  return { killedAfterMs, acknowledgedCount, unacknowledgedCount, lostCount, reopenMs }
}

/** Returns the milliseconds from the first acknowledgement to the kill. */
async function writeAndKill(context: SceneContext, ledger: Ledger, round: number): Promise<number> {
  const writer = new WriterProcess(context.options, ledger)
  const endGuard = context.killAtExit(() => writer.kill())
  try {
    await writer.firstAcknowledgement
    const startedAtMs = performance.now()
    if (round === 1) expectLock(context)
    await sleep(KILL_AFTER_MS_MIN + Math.random() * (KILL_AFTER_MS_MAX - KILL_AFTER_MS_MIN))
    const killedAfterMs = performance.now() - startedAtMs
    writer.kill()
    await writer.end
    return killedAfterMs
  } finally {
    endGuard()
  }
}

/** While the writer lives, nobody else gets in. */
function expectLock({ screen, checks, options }: SceneContext): void {
  let refusal = 'nobody refused'
  let locked = false
  try {
    DemoStore.open(options).close()
  } catch (error) {
    locked = isLdbError(error, 'LDB_LOCKED')
    refusal = error instanceof Error ? error.message : String(error)
  }
  checks.expect('crash.locked', locked, `While it writes, a second opener is refused: ${refusal}`)
  screen.line('')
}

function expectBalancedBooks({ checks }: SceneContext, audit: Audit): void {
  const { transferCount, unbroken, wrongAccountCount, totalMoney } = audit
  checks.expect(
    'crash.prefix',
    unbroken,
    unbroken
      ? `${formatCounted(transferCount, 'transfer')} in the database, numbered without a hole`
      : `${formatCounted(transferCount, 'transfer')} in the database, and their numbers have holes`,
  )
  checks.expect(
    'crash.atomic',
    wrongAccountCount === 0 && totalMoney === TOTAL_MONEY,
    wrongAccountCount === 0 && totalMoney === TOTAL_MONEY
      ? 'Every balance is what the transfers make of it, and all money is still there: no commit survived by half'
      : `${formatCounted(wrongAccountCount, 'balance')} not what the transfers make of it, and ` +
          `${formatCount(totalMoney)} of ${formatCount(TOTAL_MONEY)} there: commits survived by half`,
  )
}
