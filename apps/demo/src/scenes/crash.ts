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

/** The results of one kill. */
export interface KillFigures {
  /** From the first acknowledgement to the kill, in milliseconds. */
  readonly killedAfterMs: number
  /** Commits acknowledged before the kill. */
  readonly acknowledgedCount: number
  /** Commits that survived, but were not acknowledged before the kill. */
  readonly unacknowledgedCount: number
  /** Acknowledged commits of this and all earlier rounds that are missing. */
  readonly lostCount: number
  /** Duration of opening the database after the kill, recovery included, in milliseconds. */
  readonly reopenMs: number
}

/** The results of the crash scene. */
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

/** Scene: kills a writer several times and verifies that every acknowledged commit survived. */
export async function killAndRecover(context: SceneContext): Promise<CrashFigures> {
  const { screen, checks } = context
  screen.paragraph(
    'A child process transfers money between 100 accounts. Each transfer is three writes to two keyspaces in one ' +
      'commit, synced to the device before it is acknowledged. The child reports each acknowledged commit over a pipe, ' +
      'and this process records it. Then the child is killed with SIGKILL, at a random moment.',
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
  // Stops after a loss: later commits would reuse the numbers of the lost ones.
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
      ? `All ${formatCounted(ledger.count, 'acknowledged commit')} survived: 0 lost`
      : `Of ${formatCounted(ledger.count, 'acknowledged commit')}, ${formatCount(lostCount)} lost`,
  )
  expectConsistentBank(context, audit)
  screen.line('')
  screen.note(
    'A kill loses the memory of the process, but not the page cache of the operating system: it is no power failure.',
  )
  const { transferCount, wrongAccountCount } = audit
  return { kills, acknowledgedCount: ledger.count, lostCount, transferCount, wrongAccountCount }
}

async function killOnce(context: SceneContext, ledger: Ledger, round: number): Promise<KillFigures> {
  const { screen } = context
  const transfersBefore = lastTransferNumber(context.store)
  const acknowledgedBefore = ledger.count
  context.close()
  const killedAfterMs = await writeAndKill(context, ledger, round)
  const { result: store, ms: reopenMs } = timed(() => context.open())
  const lostCount = ledger.lost((number) => store.transfers.get([number])).length
  const acknowledgedCount = ledger.count - acknowledgedBefore
  const survivedCount = lastTransferNumber(store) - transfersBefore
  const unacknowledgedCount = Math.max(0, survivedCount - acknowledgedCount)
  const unacknowledged = unacknowledgedCount > 0 ? `; ${unacknowledgedCount} unacknowledged survived` : ''
  screen.heading(
    `Kill ${round}, after ${formatDuration(killedAfterMs)}`,
    `reopened in ${formatDuration(reopenMs)}`,
  )
  screen.line(
    `  ${formatCounted(acknowledgedCount, 'commit')} acknowledged, ${lostCount} lost${unacknowledged}`,
  )
  return { killedAfterMs, acknowledgedCount, unacknowledgedCount, lostCount, reopenMs }
}

/** Returns the milliseconds from the first acknowledgement to the kill. */
async function writeAndKill(context: SceneContext, ledger: Ledger, round: number): Promise<number> {
  const writer = new WriterProcess(context.options, ledger)
  const unregister = context.killAtExit(() => writer.kill())
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
    unregister()
  }
}

/** Verifies that a second open fails while the writer has the database open. */
function expectLock({ screen, checks, options }: SceneContext): void {
  let refusal = 'the second open succeeded'
  let locked = false
  try {
    DemoStore.open(options).close()
  } catch (error) {
    locked = isLdbError(error, 'LDB_LOCKED')
    refusal = error instanceof Error ? error.message : String(error)
  }
  checks.expect('crash.locked', locked, `A second open fails while the writer runs: ${refusal}`)
  screen.line('')
}

function expectConsistentBank({ checks }: SceneContext, audit: Audit): void {
  const { transferCount, unbroken, wrongAccountCount, totalMoney } = audit
  checks.expect(
    'crash.prefix',
    unbroken,
    unbroken
      ? `${formatCounted(transferCount, 'transfer')} in the database, numbered without a gap`
      : `${formatCounted(transferCount, 'transfer')} in the database, with gaps in their numbers`,
  )
  checks.expect(
    'crash.atomic',
    wrongAccountCount === 0 && totalMoney === TOTAL_MONEY,
    wrongAccountCount === 0 && totalMoney === TOTAL_MONEY
      ? 'Every balance equals the sum of its transfers, and the total is unchanged: every commit is complete'
      : `${formatCounted(wrongAccountCount, 'balance')} differ from the sum of the transfers, and the total is ` +
          `${formatCount(totalMoney)} of ${formatCount(TOTAL_MONEY)}: commits survived in part`,
  )
}
