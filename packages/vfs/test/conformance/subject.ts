import { isLdbError } from '@ldb/base'
import type { LdbErrorCode } from '@ldb/base'
import { expect } from 'vitest'
import type { Vfs, VfsFile } from '../../src/index.js'

/** A file system under test and an empty directory in it. */
export interface VfsSubject {
  readonly vfs: Vfs
  readonly directory: string
  dispose(): void
}

/** Returns the current subject; a new one per test. */
export type GetSubject = () => VfsSubject

/** Returns the path of a name in the subject's directory. */
export function pathIn({ directory }: VfsSubject, name: string): string {
  return `${directory}/${name}`
}

/** Creates or opens a file and writes `bytes` at its start. */
export function writeFile(subject: VfsSubject, name: string, bytes: Uint8Array): void {
  const file = subject.vfs.open(pathIn(subject, name), 'create')
  file.write(bytes, 0, bytes.length, 0)
  file.close()
}

/** Returns the content of a file. */
export function readFile(subject: VfsSubject, name: string): number[] {
  const file = subject.vfs.open(pathIn(subject, name), 'read')
  try {
    return [...contentOf(file)]
  } finally {
    file.close()
  }
}

/** Returns all bytes of an open file. */
export function contentOf(file: VfsFile): Uint8Array {
  const bytes = new Uint8Array(file.length())
  expect(file.read(bytes, 0, bytes.length, 0)).toBe(bytes.length)
  return bytes
}

/** Compares byte arrays; much faster than an assertion library on long ones. */
export function equalBytes(some: Uint8Array, other: Uint8Array): boolean {
  return some.length === other.length && some.every((byte, index) => byte === other[index])
}

/** Asserts that `action` throws an LdbError with this code, and returns the error. */
export function expectCode(code: LdbErrorCode, action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    expect(isLdbError(error), String(error)).toBe(true)
    expect(error).toMatchObject({ code })
    return error
  }
  return expect.fail(`expected ${code}`)
}
