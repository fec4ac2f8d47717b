import { expect, test } from 'vitest'
import { deoptimisationsOf } from './deoptimisations.js'

const OUTPUT = `
[bailout (kind: deopt-eager, reason: wrong map): begin. deoptimizing 0x3a1c <JSFunction get (sfi = 0x12f9)>, <Code TURBOFAN>, opt id 5, node id 33, bytecode offset 12, deopt exit 3, FP to SP delta 40, pc 0x7f11]
[bailout end. took 0.12 ms]
[bailout (kind: deopt-eager, reason: wrong map): begin. deoptimizing 0x3a1c <JSFunction get (sfi = 0x12f9)>, opt id 6]
[bailout (kind: deopt-lazy, reason: (unknown)): begin. deoptimizing 0x99 <JSFunction (sfi = 0x1)>, opt id 7]
`

test('deoptimisations are counted by function and reason', () => {
  expect(deoptimisationsOf(OUTPUT)).toEqual([
    { name: 'get', kind: 'deopt-eager', reason: 'wrong map', count: 2 },
    { name: '(anonymous)', kind: 'deopt-lazy', reason: '(unknown)', count: 1 },
  ])
})
