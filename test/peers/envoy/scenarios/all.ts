// Every scenario, by the section of SEMANTICS it comes from.
import type { Scenario } from '../harness/scenario.ts'
import { answers } from './answers.ts'
import { balancing } from './balancing.ts'
import { documents } from './documents.ts'
import { headers } from './headers.ts'
import { health } from './health.ts'
import { intended } from './intended.ts'
import { matching } from './matching.ts'
import { outliers } from './outliers.ts'
import { paths } from './paths.ts'
import { pools } from './pools.ts'
import { retrying } from './retrying.ts'
import { rewriting } from './rewriting.ts'
import { splits } from './splits.ts'
import { timing } from './timing.ts'
import { wire } from './wire.ts'

export const sections: Readonly<Record<string, readonly Scenario[]>> = {
  '3.1 paths': paths,
  '2.3, 3.2 to 3.5 matching': matching,
  '3.6, 3.11 splits and mirrors': splits,
  '3.7, 3.12 headers': headers,
  '3.8, 3.9, 14 answers': answers,
  '3.10 rewriting': rewriting,
  '4, 10 timeouts and faults': timing,
  '5 retries': retrying,
  '6 balancing': balancing,
  '7 outliers': outliers,
  '8 pools': pools,
  '9 health checks': health,
  '14 the wire': wire,
  'Istio documents': documents,
  'meant to differ': intended,
}
