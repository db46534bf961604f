// The documents below some paths, read once; and labels as a command line gives them.
import type { DocumentText, Problem } from '@proxyless/core'
import { fileSource } from '@proxyless/feed'
import { processClock } from '../host/process-clock.ts'

/** @throws Error naming the path that cannot be read */
export async function readTexts(path: string): Promise<readonly DocumentText[]> {
  const source = fileSource(path, { clock: processClock })
  try {
    return await new Promise<readonly DocumentText[]>((resolve, reject) => {
      source.start({
        texts: resolve,
        problem: (problem: Problem) => reject(new Error(`${problem.resource}: ${problem.message}`)),
      })
    })
  } finally {
    await source.close()
  }
}

/** `k=v,k=v` @throws Error showing the form */
export function parseLabels(text: string | undefined): Record<string, string> {
  const labels: Record<string, string> = {}
  for (const pair of (text ?? '').split(',').filter((part) => part !== '')) {
    const [key, value] = pair.split('=')
    if (!key || value === undefined) throw new Error(`--labels wants key=value,key=value, not "${pair}"`)
    labels[key] = value
  }
  return labels
}
