// A RegexEngine for tests: the platform's RegExp behind the contract. Not linear, not RE2: patterns of tests are tame.
import type { RegexEngine } from './regex.ts'

export const testRegex: RegexEngine = {
  compile(pattern) {
    const flags = /^\(\?([ism]+)\)/.exec(pattern)
    const source = flags === null ? pattern : pattern.slice(flags[0].length)
    const whole = new RegExp(`^(?:${source})$`, flags?.[1] ?? '')
    const every = new RegExp(source, `g${flags?.[1] ?? ''}`)
    return {
      matches: (text) => whole.test(text),
      replaceAll: (text, rewrite) =>
        text.replace(every, (...found: (string | number | undefined)[]) =>
          rewrite.replace(/\\(\d)/g, (_, group: string) => {
            const value = found[Number(group)]
            return typeof value === 'string' && Number(group) < found.length - 2 ? value : ''
          }),
        ),
    }
  },
}
