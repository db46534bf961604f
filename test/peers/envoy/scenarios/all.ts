// Every scenario, by the section of SEMANTICS it comes from.
import type { Scenario } from '../harness/scenario.ts'
import { matching } from './matching.ts'
import { paths } from './paths.ts'
import { rewriting } from './rewriting.ts'

export const sections: Readonly<Record<string, readonly Scenario[]>> = {
  '3.1 paths': paths,
  '3.2 to 3.5 matching': matching,
  '3.10 rewriting': rewriting,
}
