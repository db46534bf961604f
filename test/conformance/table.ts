// The rows of SEMANTICS appendix A that are here.
import type { Case } from './case.ts'
import { balancingCases } from './cases/balancing.ts'
import { configurationCases } from './cases/configuration.ts'
import { failureCases } from './cases/failure.ts'
import { matchingCases } from './cases/matching.ts'
import { retryCases } from './cases/retry.ts'
import { rewritingCases } from './cases/rewriting.ts'

export const table: readonly Case[] = [
  ...configurationCases,
  ...matchingCases,
  ...rewritingCases,
  ...retryCases,
  ...failureCases,
  ...balancingCases,
]
