// A RegexEngine for tests: the platform's RegExp behind the contract. Not RE2: patterns of tests are tame.
import type { RegexEngine } from '@proxyless/core/spi'

export const testRegex: RegexEngine = {
  compile(pattern) {
    const flags = /^\(\?([ism]+)\)/.exec(pattern)
    const source = flags === null ? pattern : pattern.slice(flags[0].length)
    const whole = new RegExp(`^(?:${source})$`, flags?.[1] ?? '')
    return { matches: (text) => whole.test(text), replaceAll: (text) => text }
  },
}
