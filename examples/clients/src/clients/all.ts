// All examples, by what a client lets one give it.
import type { ClientExample } from '../client-example.ts'
import { byAws } from './aws.ts'
import { byAxios } from './axios.ts'
import { byAxiosFetch } from './axios-fetch.ts'
import { byGot } from './got.ts'
import { byKy } from './ky.ts'
import { byNodeFetch } from './node-fetch.ts'
import { byNodeHttp } from './node-http.ts'
import { byOfetch } from './ofetch.ts'
import { byOpenAI } from './openai.ts'
import { bySuperagent } from './superagent.ts'
import { byUndici } from './undici.ts'
import { byWs } from './ws.ts'

export const examples: readonly ClientExample[] = [
  byKy,
  byOfetch,
  byOpenAI,
  byAxiosFetch,
  byUndici,
  byAxios,
  byGot,
  byNodeFetch,
  bySuperagent,
  byAws,
  byNodeHttp,
  byWs,
]
