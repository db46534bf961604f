// The chance of the process: a seed that nobody can foresee, then the engine's own generator.
import { randomInt } from 'node:crypto'
import { SeededRandom } from '@proxyless/core/spi'
import type { Random } from '@proxyless/core/spi'

export function processRandom(): Random {
  return new SeededRandom(randomInt(2 ** 32))
}
