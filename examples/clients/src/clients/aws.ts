// An SDK of AWS: agents in its request handler.
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import type { ClientExample } from '../client-example.ts'

export const byAws: ClientExample = {
  name: '@aws-sdk',
  async hello({ httpAgent, httpsAgent }) {
    const client = new STSClient({
      region: 'eu-central-1',
      endpoint: 'http://sts.example',
      credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
      requestHandler: { httpAgent, httpsAgent },
      maxAttempts: 1,
    })
    const { Account } = await client.send(new GetCallerIdentityCommand({}))
    client.destroy()
    return Account ?? ''
  },
}
