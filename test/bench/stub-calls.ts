// A process that makes N calls over the stub and ends: what callgrind counts the instructions of.
// `stub` as the second argument: what the stub of a call costs, without the call.
import { reviewsConfig } from './world/reviews.ts'
import { callStub, makeStub, stubHouse } from './world/stub-house.ts'

const [, , calls, what] = process.argv
const { mesh } = await stubHouse(reviewsConfig([1, 2, 3]))
// in batches, that the loop itself is compiled too
for (let made = 0; made < Number(calls); made += 500) {
  if (what === 'stub') makeStub(500)
  else callStub(mesh, 500)
}
await mesh.close()
