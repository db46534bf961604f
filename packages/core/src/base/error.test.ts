// The one error class.
import { expect, test } from 'vitest'
import { MeshError } from './error.ts'

test('says its reason, its code and the way of the call', () => {
  const cause = new Error('ECONNREFUSED')
  const error = new MeshError('CONNECT_FAILURE', 'refused', {
    flags: 'UF',
    details: 'x',
    breadcrumb: 'a > r > c',
    attempts: 2,
    cause,
  })
  expect(String(error)).toBe('MeshError: refused [CONNECT_FAILURE] at a > r > c')
  expect(error).toMatchObject({ code: 'CONNECT_FAILURE', flags: 'UF', details: 'x', attempts: 2, cause })
})

test('says no more than is known', () => {
  const error = new MeshError('MESH_CLOSED', 'closed')
  expect(String(error)).toBe('MeshError: closed [MESH_CLOSED]')
  expect(error).toMatchObject({ flags: '-', details: '', breadcrumb: '', attempts: 0 })
  expect('cause' in error).toBe(false)
})
