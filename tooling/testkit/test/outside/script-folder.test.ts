// Strategy: the tests in this folder run real processes on real directories, with the built packages, against everything that the
// simulator does not model. This one tests the harness itself.
// Invariants: a script sees the built packages from any working directory; what it prints, its end and a kill are reported.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ScriptFolder } from '../../src/outside/script-folder.js'

describe('a script outside the simulator', () => {
  let folder: ScriptFolder
  beforeEach(() => {
    folder = new ScriptFolder()
  })
  afterEach(() => {
    folder.remove()
  })

  it('uses the packages from another working directory', async () => {
    const end = await folder.run(
      `
      import { Database } from '@ldb/core'
      const db = Database.open(process.argv[2])
      db.put('a', '1')
      console.log(db.get('a'))
      db.close()
      `,
      { cwd: '/', args: [`${folder.path}/data`] },
    )
    expect(end).toMatchObject({ code: 0, stdout: '1\n', stderr: '' })
  })

  it('is killed', async () => {
    const script = folder.start(`console.log('ready'); setInterval(() => {}, 1000)`)
    await script.waitForLine('ready')
    expect(await script.killed()).toMatchObject({ code: null, signal: 'SIGKILL', stdout: 'ready\n' })
  })

  it('reports a script that ends without the expected line', async () => {
    const script = folder.start(`console.log('other')`)
    await expect(script.waitForLine('ready')).rejects.toThrow('ended without the line ready')
  })
})
