/**
 * The child process of the crash scene: commits transfers until it is killed, and writes a line to standard output for
 * each acknowledged commit.
 *
 * Arguments: folder of the database, and optionally its engine.
 */
import { writeSync } from 'node:fs'
import { commitTransfer, lastTransferNumber, randomTransfer } from './bank.js'
import { encodeAcknowledgement } from './ledger.js'
import { DemoStore } from '../database/demo-store.js'

const STANDARD_OUTPUT = 1

const [dir = '', engine] = process.argv.slice(2)
const store = DemoStore.open({ dir, engine })
for (let number = lastTransferNumber(store) + 1; ; number++) {
  const transfer = randomTransfer()
  commitTransfer(store, number, transfer)
  // Fails when the pipe is closed, which ends a writer whose parent has exited.
  writeSync(STANDARD_OUTPUT, encodeAcknowledgement(number, transfer))
}
