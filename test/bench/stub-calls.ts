// A process that makes N calls over the stub and ends: what callgrind counts the instructions of.
import { reviewsConfig } from './world/reviews.ts'
import { callStub, stubHouse } from './world/stub-house.ts'

const { mesh } = await stubHouse(reviewsConfig([1, 2, 3]))
callStub(mesh, Number(process.argv[2]))
await mesh.close()
