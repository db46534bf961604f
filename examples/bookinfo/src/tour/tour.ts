// The tour: walks through the story step by step and says of each what was asked, what was expected and what was measured.
import { styleText } from 'node:util'
import type { Application } from '../stage/application.ts'
import { documentSteps } from './document-steps.ts'
import { faultSteps } from './fault-steps.ts'
import { metricsSteps } from './metrics-steps.ts'
import { resilienceSteps } from './resilience-steps.ts'
import { routingSteps } from './routing-steps.ts'
import type { Finding, Step } from './step.ts'

const steps: readonly Step[] = [...routingSteps, ...faultSteps, ...resilienceSteps, ...metricsSteps, ...documentSteps]

/** True when every step measured what was expected. */
export async function tour(application: Application, print: (line: string) => void): Promise<boolean> {
  const start = performance.now()
  let missed = 0
  for (const [index, step] of steps.entries()) {
    print('')
    print(styled('bold', `${index + 1}. ${step.title}`))
    print(`   asked     ${step.asked}`)
    print(`   expected  ${step.expected}`)
    const { measured, good } = await attempt(step, application)
    print(`   measured  ${measured}  ${good ? styled('green', '✓') : styled('red', '✗')}`)
    if (!good) missed++
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(0)
  print('')
  print(`${steps.length - missed} of ${steps.length} steps as expected, in ${seconds} s`)
  return missed === 0
}

async function attempt(step: Step, application: Application): Promise<Finding> {
  try {
    return await step.run(application)
  } catch (error) {
    return { measured: `failed: ${error instanceof Error ? error.message : String(error)}`, good: false }
  }
}

function styled(style: 'bold' | 'green' | 'red', text: string): string {
  return process.stdout.isTTY ? styleText(style, text) : text
}
