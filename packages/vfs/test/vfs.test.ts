import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryVfs, NodeVfs, OverlayVfs, PooledVfs } from '../src/index.js'
import { describeVfs } from './conformance/vfs-conformance.js'

const makeNodeDirectory = (): string => fs.mkdtempSync(join(tmpdir(), 'ldb-vfs-'))
const dropDirectory = (directory: string): void => fs.rmSync(directory, { recursive: true })

describeVfs('MemoryVfs', () => ({ vfs: new MemoryVfs(), directory: '', dispose() {} }))

describeVfs('NodeVfs', () => {
  const directory = makeNodeDirectory()
  return {
    vfs: new NodeVfs(),
    directory,
    dispose() {
      dropDirectory(directory)
    },
  }
})

describeVfs('OverlayVfs over MemoryVfs', () => {
  const base = new MemoryVfs()
  base.makeDirectory('/base')
  return { vfs: new OverlayVfs(base), directory: '/base', dispose() {} }
})

describeVfs('OverlayVfs over NodeVfs', () => {
  const directory = makeNodeDirectory()
  return {
    vfs: new OverlayVfs(new NodeVfs()),
    directory,
    dispose() {
      dropDirectory(directory)
    },
  }
})

describeVfs('PooledVfs over MemoryVfs, with one descriptor', () => ({
  vfs: new PooledVfs(new MemoryVfs(), { maxOpenFiles: 1 }),
  directory: '',
  dispose() {},
}))

describeVfs('PooledVfs over NodeVfs, with one descriptor', () => {
  const directory = makeNodeDirectory()
  return {
    vfs: new PooledVfs(new NodeVfs(), { maxOpenFiles: 1 }),
    directory,
    dispose() {
      dropDirectory(directory)
    },
  }
})

describeVfs('OverlayVfs over PooledVfs', () => {
  const base = new MemoryVfs()
  base.makeDirectory('/base')
  return { vfs: new OverlayVfs(new PooledVfs(base, { maxOpenFiles: 1 })), directory: '/base', dispose() {} }
})
