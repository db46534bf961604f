import { describe, expect, test } from 'vitest'
import { workloadFromEnvironment } from './workload.ts'

describe('the workload', () => {
  test('outside of Kubernetes is in the namespace default, without labels', async () => {
    expect(await read({}, {})).toEqual({ namespace: 'default', labels: {} })
  })

  test('is read from variables', async () => {
    const env = {
      POD_NAMESPACE: 'shop',
      POD_LABELS: 'app=reviews, version=v1,broken',
      SERVICE_ACCOUNT: 'bookinfo-reviews',
      PROXYLESS_LOCALITY: 'eu/a',
      ISTIO_META_CLUSTER_ID: 'one',
      POD_NAME: 'reviews-1',
      HOSTNAME: 'other',
    }
    expect(await read(env, {})).toEqual({
      namespace: 'shop',
      labels: { app: 'reviews', version: 'v1' },
      serviceAccount: 'bookinfo-reviews',
      locality: { region: 'eu', zone: 'a', subzone: '' },
      cluster: 'one',
      instance: 'reviews-1',
    })
  })

  test('is read from the files of a pod', async () => {
    const files = {
      '/var/run/secrets/kubernetes.io/serviceaccount/namespace': 'shop\n',
      '/etc/podinfo/labels': 'app="reviews"\nversion="v1"\nnote="a \\"b\\" \\\\"\n',
    }
    expect(await read({ POD_NAMESPACE: '' }, files)).toEqual({
      namespace: 'shop',
      labels: { app: 'reviews', version: 'v1', note: 'a "b" \\' },
    })
    expect((await read({ PROXYLESS_LABELS_FILE: '/labels' }, { ...files, '/labels': 'a="b"' })).labels).toEqual({
      a: 'b',
    })
  })

  test('prefers labels in the way of Istio, and says when they cannot be read', async () => {
    const env = { ISTIO_METAJSON_LABELS: '{"app":"a"}', POD_LABELS: 'app=b' }
    expect((await read(env, {})).labels).toEqual({ app: 'a' })
    await expect(read({ ISTIO_METAJSON_LABELS: 'app=a' }, {})).rejects.toThrow('ISTIO_METAJSON_LABELS is not JSON')
    await expect(read({ ISTIO_METAJSON_LABELS: '[]' }, {})).rejects.toThrow('not a JSON object')
  })
})

function read(env: Record<string, string>, files: Record<string, string>): ReturnType<typeof workloadFromEnvironment> {
  return workloadFromEnvironment({ env, readText: (path) => Promise.resolve(files[path]) })
}
