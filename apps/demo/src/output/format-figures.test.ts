import { expect, test } from 'vitest'
import {
  formatBytes,
  formatCount,
  formatCounted,
  formatDuration,
  formatPerSecond,
  formatShare,
  formatShort,
} from './format-figures.js'

test('counts have thousands separators and the right noun', () => {
  expect([0, 999, 135_233, 1e9].map(formatCount)).toEqual(['0', '999', '135,233', '1,000,000,000'])
  expect(formatCounted(1, 'commit')).toBe('1 commit')
  expect(formatCounted(0, 'commit')).toBe('0 commits')
  expect(formatCounted(2, 'city', 'cities')).toBe('2 cities')
})

test.each([
  [0, '0 ns'],
  [0.00085, '850 ns'],
  [0.0009996, '1.00 µs'],
  [0.0123, '12.3 µs'],
  [0.9994, '999 µs'],
  [0.9996, '1.00 ms'],
  [4.564, '4.56 ms'],
  [99.96, '100 ms'],
  [999.4, '999 ms'],
  [999.6, '1.00 s'],
  [12_345, '12.3 s'],
])('a duration of %d ms is %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
})

test.each([
  [0, '0 B'],
  [512, '512 B'],
  [999, '999 B'],
  [1000, '0.98 KiB'],
  [1536, '1.50 KiB'],
  [47_400_000, '45.2 MiB'],
  [2 ** 40, '1.00 TiB'],
  [2 ** 52, '4,096 TiB'],
])('a size of %d bytes is %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})

test('rates have three digits, and are 0 when nothing was measured', () => {
  expect(formatPerSecond(405_699, 3912)).toBe('104,000')
  expect(formatPerSecond(1, 3)).toBe('333')
  expect(formatPerSecond(5, 0)).toBe('0')
})

test('a share is 0 % or 100 % only when it is exact', () => {
  expect(formatShare(0, 0)).toBe('0 %')
  expect(formatShare(1, 8)).toBe('12.5 %')
  expect(formatShare(999_999, 1_000_000)).toBe('99.9 %')
  expect(formatShare(1, 1_000_000)).toBe('0.1 %')
  expect(formatShare(7, 7)).toBe('100 %')
})

test('numbers of inhabitants are abbreviated', () => {
  expect([900, 999.6, 34_200, 999_600, 8_336_599, 22_315_474, 3.133e9].map(formatShort)).toEqual([
    '900',
    '1 k',
    '34 k',
    '1.00 M',
    '8.34 M',
    '22.3 M',
    '3.13 billion',
  ])
})
