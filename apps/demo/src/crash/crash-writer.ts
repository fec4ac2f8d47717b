/**
 * The child process of the crash scene: commits transfer after transfer until it is killed, and says of each one that
 * it was acknowledged.
 *
 * Arguments: folder of the database, and its engine if one was asked for.
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
  // Fails when nobody reads any more, and so ends a writer that lost its parent.
  writeSync(STANDARD_OUTPUT, encodeAcknowledgement(number, transfer))
}
