import { spawnSync } from 'node:child_process'
import { expect, onTestFinished, test } from 'vitest'
import { MemoryGroup } from './memory-group.js'

const MEBIBYTE = 2 ** 20

/** Allocates memory and writes to it. */
const GREEDY = 'for (const buffers = []; buffers.length < 512; ) buffers.push(Buffer.alloc(1048576, 1))'

function makeGroup(): MemoryGroup | undefined {
  const group = MemoryGroup.create()
  if (typeof group === 'string') {
    expect(group).toContain('memory cannot be limited here: ')
    return undefined
  }
  onTestFinished(() => group.remove())
  return group
}

function runIn(group: MemoryGroup, script: string): ReturnType<typeof spawnSync> {
  const [program = '', ...args] = group.commandIn([process.execPath, '-e', script])
  return spawnSync(program, args)
}

test('a process that exceeds the limit is killed, and the kill is counted', () => {
  const group = makeGroup()
  if (group === undefined) return
  group.limit(128 * MEBIBYTE)
  expect(runIn(group, '').status).toBe(0)
  expect(group.killCount).toBe(0)
  expect(runIn(group, GREEDY).signal).toBe('SIGKILL')
  expect(group.killCount).toBeGreaterThan(0)
})

test('without a limit memory is granted, and the page cache of the group can be dropped', () => {
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
