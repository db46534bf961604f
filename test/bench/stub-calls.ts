// A process that makes N calls over the stub and ends: what callgrind counts the instructions of.
import { reviewsConfig } from './world/reviews.ts'
import { callStub, stubHouse } from './world/stub-house.ts'

const { mesh } = await stubHouse(reviewsConfig([1, 2, 3]))
// in batches, that the loop itself is compiled too
for (let made = 0; made < Number(process.argv[2]); made += 500) callStub(mesh, 500)
await mesh.close()
