import { expect, test } from 'vitest'
import { hostsOf } from './hosts.js'

test('one connection string for each host', () => {
  expect(hostsOf('postgres://u:p%40@a:1,b,[::1]:3/d?sslmode=require')).toEqual([
    { connectionString: 'postgres://u:p%40@a:1/d?sslmode=require', name: 'a:1' },
    { connectionString: 'postgres://u:p%40@b/d?sslmode=require', name: 'b' },
    { connectionString: 'postgres://u:p%40@[::1]:3/d?sslmode=require', name: '[::1]:3' },
  ])
})

test.each(['mysql://a', 'postgres://u:secret@', 'postgres://u:secret@a,,b/d', 'postgres://u:secret@a:b:c/d'])(
  'refuses %s and repeats no secret',
  (text) => {
    expect(() => hostsOf(text)).toThrow(expect.objectContaining({ code: 'LDB_INVALID_ARGUMENT' }))
    expect(() => hostsOf(text)).not.toThrow(/secret/)
  },
)
