// Waits for something that a real server or socket will bring about; for tests that cannot pause time.
import { vi } from 'vitest'

/** Resolves once `check` returns true, or throws no more; rejects with its last complaint after `timeout` ms. */
export async function until(check: () => unknown, timeout = 5000): Promise<void> {
  await vi.waitFor(
    async () => {
      const result: unknown = await check()
      if (result === false) throw new Error(`not yet: ${String(check)}`)
    },
    { timeout, interval: 5 },
  )
}
