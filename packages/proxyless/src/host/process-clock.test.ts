import { describe, expect, test } from 'vitest'
import { processClock } from './process-clock.ts'
import { processRandom } from './process-random.ts'

describe('the clock of the process', () => {
  test('fires once, and not after it was cleared', async () => {
    const fired: string[] = []
    const cleared = processClock.setTimer(0, () => fired.push('cleared'), false)
    processClock.clearTimer(cleared)
    await new Promise<void>((resolve) => processClock.setTimer(1, resolve, false))
    processClock.clearTimer(undefined)
    expect(fired).toEqual([])
  })

  test('does not keep the process alive for background timers, and does not take a long delay for none', () => {
    const background = processClock.setTimer(2 ** 40, () => undefined, true) as NodeJS.Timeout
    const foreground = processClock.setTimer(2 ** 40, () => undefined, false) as NodeJS.Timeout
    expect([background.hasRef(), foreground.hasRef()]).toEqual([false, true])
    processClock.clearTimer(background)
    processClock.clearTimer(foreground)
  })
})

describe('the chance of the process', () => {
  test('differs from one generator to the next', () => {
    expect(processRandom().uint32()).not.toBe(processRandom().uint32())
  })
})
