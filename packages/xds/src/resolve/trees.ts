// Listeners with their routes: which are in force, and which will be once all that they point to is there (make before break).
import type { VirtualHost } from '@proxyless/core/spi'
import type { HttpListener, RouteResource } from '../decode/resources.ts'
import type { Piecewise } from '../piecewise.ts'
import type { ClusterNeeds } from './clusters.ts'
import { pointedClusters } from './pointed-clusters.ts'
import type { Roots } from './roots.ts'

/** A listener and the routes that it points to. */
export interface Aim {
  readonly listener: HttpListener
  readonly routes: RouteResource
}

interface Tree {
  inForce: Aim | undefined
  /** What the listener points to now, where that is not in force. */
  next: Aim | undefined
  /** What is in force stays although the listener has turned from it: so do its clusters. */
  held: boolean
  hosts: readonly VirtualHost[]
}

const nobody: readonly VirtualHost[] = []

export class Trees {
  readonly #trees = new Map<string, Tree>()
  readonly #roots: Roots

  constructor(roots: Roots) {
    this.#roots = roots
  }

  isInForce(key: string): boolean {
    return this.#trees.get(key)?.inForce !== undefined
  }

  keys(): Iterable<string> {
    return this.#trees.keys()
  }

  /** Those of what is in force. */
  hostsOf(key: string): readonly VirtualHost[] {
    return this.#trees.get(key)?.hosts ?? nobody
  }

  /** A listener has turned from the cluster, and keeps it until what it turned to is there. */
  *isHeld(cluster: string): Piecewise<boolean> {
    for (const { held, inForce } of this.#trees.values()) {
      if (held && inForce !== undefined && (yield* pointedClusters(inForce.routes)).has(cluster)) return true
    }
    return false
  }

  /** Asks for all clusters of what a listener points to now. True: it is in force already. */
  *aim(key: string, aim: Aim, needsOf: (name: string) => ClusterNeeds): Piecewise<boolean> {
    const tree = this.#treeOf(key)
    if (isSame(tree.next ?? tree.inForce, aim)) {
      if (tree.next === undefined) yield* this.#settle(tree)
      return tree.next === undefined
    }
    const before = tree.next
    tree.next = isSame(tree.inForce, aim) ? undefined : aim
    if (tree.next !== undefined) {
      for (const name of yield* pointedClusters(aim.routes)) {
        this.#roots.take(name, 'pending', needsOf)
        yield
      }
    }
    yield* this.#release(before, 'pending')
    if (tree.next === undefined) yield* this.#settle(tree)
    return tree.next === undefined
  }

  /** What is in force stays for now. False: nothing is. */
  keep(key: string): boolean {
    const tree = this.#treeOf(key)
    tree.held = tree.inForce !== undefined
    return tree.held
  }

  /** The listener points nowhere for now, and what is in force stays. False: nothing is. */
  *pause(key: string): Piecewise<boolean> {
    const tree = this.#treeOf(key)
    const { next } = tree
    tree.next = undefined
    yield* this.#release(next, 'pending')
    return this.keep(key)
  }

  /** What the listener points to comes into force. */
  *use(
    key: string,
    hostsOf: (aim: Aim) => Piecewise<readonly VirtualHost[]>,
    needsOf: (name: string) => ClusterNeeds,
  ): Piecewise<void> {
    const tree = this.#treeOf(key)
    const { next, inForce } = tree
    if (next === undefined) return
    tree.hosts = yield* hostsOf(next)
    tree.inForce = next
    tree.next = undefined
    tree.held = false
    for (const name of yield* pointedClusters(next.routes)) {
      this.#roots.take(name, 'inForce', needsOf)
      this.#roots.release(name, 'pending')
      yield
    }
    yield* this.#release(inForce, 'inForce')
  }

  /** Nothing of it is in force any more. */
  *drop(key: string): Piecewise<void> {
    const tree = this.#trees.get(key)
    if (tree === undefined) return
    this.#trees.delete(key)
    yield* this.#release(tree.inForce, 'inForce')
    yield* this.#release(tree.next, 'pending')
  }

  /** The listener points again to what is in force: clusters that were only held are looked at anew. */
  *#settle(tree: Tree): Piecewise<void> {
    if (!tree.held || tree.inForce === undefined) return
    tree.held = false
    for (const name of yield* pointedClusters(tree.inForce.routes)) {
      this.#roots.touched.add(name)
      yield
    }
  }

  *#release(aim: Aim | undefined, hold: 'inForce' | 'pending'): Piecewise<void> {
    if (aim === undefined) return
    for (const name of yield* pointedClusters(aim.routes)) {
      this.#roots.release(name, hold)
      yield
    }
  }

  #treeOf(key: string): Tree {
    let tree = this.#trees.get(key)
    if (tree === undefined) {
      tree = { inForce: undefined, next: undefined, held: false, hosts: nobody }
      this.#trees.set(key, tree)
    }
    return tree
  }
}

function isSame(a: Aim | undefined, b: Aim): boolean {
  return a !== undefined && a.listener === b.listener && a.routes === b.routes
}
