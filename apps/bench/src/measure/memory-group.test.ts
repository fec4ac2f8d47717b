import { spawnSync } from 'node:child_process'
import { expect, onTestFinished, test } from 'vitest'
import { MemoryGroup } from './memory-group.js'

const MEBIBYTE = 2 ** 20

/** Takes memory and touches it. */
const GREEDY = 'for (const kept = []; kept.length < 512; ) kept.push(Buffer.alloc(1048576, 1))'

function makeGroup(): MemoryGroup | undefined {
  const made = MemoryGroup.create()
  if (typeof made === 'string') {
    expect(made).toContain('memory cannot be limited here: ')
    return undefined
  }
  onTestFinished(() => made.remove())
  return made
}

function runIn(group: MemoryGroup, script: string): ReturnType<typeof spawnSync> {
  const [program = '', ...args] = group.commandIn([process.execPath, '-e', script])
  return spawnSync(program, args)
}

test('a process that wants more than its group has is ended, and that is counted', () => {
  const group = makeGroup()
  if (group === undefined) return
  group.limit(128 * MEBIBYTE)
  expect(runIn(group, '').status).toBe(0)
  expect(group.killCount).toBe(0)
  expect(runIn(group, GREEDY).signal).toBe('SIGKILL')
  expect(group.killCount).toBeGreaterThan(0)
})

test('without a limit it gets what it wants, and what it leaves behind can be forgotten', () => {
  const group = makeGroup()
  if (group === undefined) return
  const path = `${process.cwd()}/node_modules/.memory-group-${process.pid}`
  const write = `require('fs').writeFileSync(${JSON.stringify(path)}, Buffer.alloc(33554432, 1))`
  onTestFinished(() => void spawnSync('rm', ['-f', path]))
  expect(runIn(group, write).status).toBe(0)
  expect(group.usage).toBeGreaterThan(24 * MEBIBYTE)
  group.dropPageCache()
  expect(group.usage).toBeLessThan(24 * MEBIBYTE)
})
