// Hosts that no service claims, by name: who calls ever more of them, as a crawler does, must not make series without end.

const maxHosts = 500

export class Strangers {
  readonly #hosts = new Set<string>()

  /** The host itself, or what stands for all that came after so many. */
  named(host: string): string {
    if (this.#hosts.has(host)) return host
    if (this.#hosts.size >= maxHosts) return 'other'
    this.#hosts.add(host)
    return host
  }
}
