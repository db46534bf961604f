// The documents below some paths or of some feeds, read once; and the calling workload as a command line gives it.
import type { DocumentText, Problem } from '@proxyless/core'
import type { FeedContext } from '@proxyless/feed'
import { isEmptyText, type Workload } from '@proxyless/istio'
import { documentsOf } from '../documents-of.ts'
import { processClock } from '../host/process-clock.ts'
import { processRandom } from '../host/process-random.ts'
import { checkWorkload, readWorkload } from '../workload-option.ts'

/**
 * Of a path, or of the address of a feed, which is told who asks and nothing else.
 * @throws Error naming the path or address that cannot be read
 */
export async function readTexts(path: string, node: FeedContext['node']): Promise<readonly DocumentText[]> {
  const source = documentsOf(path, { clock: processClock, random: processRandom(), node })
  try {
    return await new Promise<readonly DocumentText[]>((resolve, reject) => {
      source.start({
        texts: resolve,
        problem: (problem: Problem) => reject(new Error(`${problem.resource}: ${problem.message}`)),
        isEmpty: isEmptyText,
      })
    })
  } finally {
    await source.close()
  }
}

export interface WorkloadOptions {
  readonly namespace: string
  readonly labels?: string
  readonly locality?: string
}

/** @throws Error showing the form */
export function parseWorkload({ namespace, labels, locality }: WorkloadOptions): Workload {
  const option = { namespace, labels: parseLabels(labels), ...(locality === undefined ? {} : { locality }) }
  const complaint = checkWorkload(option)
  if (complaint !== undefined) throw new Error(complaint.replace('workload.', '--'))
  return { ...readWorkload(option), namespace, labels: option.labels }
}

/** `k=v,k=v` */
function parseLabels(text: string | undefined): Record<string, string> {
  const labels: Record<string, string> = {}
  for (const pair of (text ?? '').split(',').filter((part) => part !== '')) {
    const [key, value] = pair.split('=')
    if (!key || value === undefined) throw new Error(`--labels wants key=value,key=value, not "${pair}"`)
    labels[key] = value
  }
  return labels
}
