// The wire contract with a server of grpc-go.
import { describe } from 'vitest'
import type { Seen, Witness } from '../../grpc/wire/witness.ts'
import { wireContract } from '../../grpc/wire/contract.suite.ts'
import { GrpcClient } from '../../kit/grpc-calls.ts'
import { GoProgram, goProgram } from './programs.ts'

const binary = await goProgram('backend')

describe.skipIf(binary === undefined)('the wire contract', () => {
  wireContract('grpc-go', async (): Promise<Witness> => {
    const program = await GoProgram.start(binary ?? '', [])
    const authority = `127.0.0.1:${program.ports['contract_port']}`
    const asking = new GrpcClient(authority)
    return {
      authority,
      seen: async () => {
        const { message } = await asking.unary('/t/Seen')
        return (JSON.parse(message?.toString() ?? '') as Seen[] | null) ?? []
      },
      close: async () => {
        asking.close()
        await program.stop()
      },
    }
  })
})
