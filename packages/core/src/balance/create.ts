// Load balancer policy -> picker. The one place that knows all algorithms.
import type { Random } from '../base/random.ts'
import type { LoadBalancer } from '../model/cluster.ts'
import { EdfPicker } from './edf.ts'
import { LeastRequestPicker } from './least-request.ts'
import { type Balanced, equalWeights, type Picker } from './picker.ts'
import { RandomPicker } from './random-picker.ts'
import { RoundRobinPicker } from './round-robin.ts'

export function createPicker<E extends Balanced>(
  policy: LoadBalancer,
  hosts: readonly E[],
  random: Random,
  previous?: Picker<E>,
): Picker<E> {
  switch (policy.kind) {
    case 'roundRobin':
      return equalWeights(hosts)
        ? new RoundRobinPicker(hosts, random, previous)
        : new EdfPicker(hosts, (host) => host.weight, random)
    case 'leastRequest':
      return equalWeights(hosts)
        ? new LeastRequestPicker(hosts, policy.choices)
        : new EdfPicker(hosts, (host) => host.weight / (host.activeRequests + 1), random)
    case 'random':
      return new RandomPicker(hosts)
    // the consistent balancers choose at random when a request yields no hash; hashing itself is not built yet
    case 'ringHash':
    case 'maglev':
      return new RandomPicker(hosts)
  }
}
