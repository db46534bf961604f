// `npm run simulate [-- NAME...]`: runs the scenarios whose names contain NAME and prints their tables; without one all of them,
// and writes them to SIMULATION.md.
import { writeFileSync } from 'node:fs'
import { pageOf, resultsOf, sectionOf } from './page.ts'
import { scenarios } from './scenarios/all.ts'

const names = process.argv.slice(2).map((name) => name.toLowerCase())
const chosen = scenarios.filter(
  ({ name }) => names.length === 0 || names.some((part) => name.toLowerCase().includes(part)),
)
if (chosen.length === 0) {
  console.error(`no scenario is called ${names.join(' ')}; there are: ${scenarios.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}

const sections: string[] = []
for (const scenario of chosen) {
  const section = sectionOf(scenario, await resultsOf(scenario))
  console.log(section)
  sections.push(section)
}
if (names.length === 0) writeFileSync('SIMULATION.md', pageOf(sections))
