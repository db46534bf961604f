// Who depends on a name: mostly one, sometimes several.

export class NameIndex {
  readonly #users = new Map<string, string | Set<string>>()
  #names: ReadonlySet<string> | undefined
  #added: string[] = []

  add(name: string, user: string): void {
    const users = this.#users.get(name)
    if (users === undefined) {
      this.#users.set(name, user)
      this.#added.push(name)
      this.#names = undefined
    } else if (typeof users !== 'string') users.add(user)
    else if (users !== user) this.#users.set(name, new Set([users, user]))
  }

  delete(name: string, user: string): void {
    const users = this.#users.get(name)
    if (users === undefined) return
    if (typeof users !== 'string') users.delete(user)
    if (users === user || (typeof users !== 'string' && users.size === 0)) {
      this.#users.delete(name)
      this.#names = undefined
    }
  }

  usersOf(name: string): readonly string[] {
    const users = this.#users.get(name)
    if (users === undefined) return []
    return typeof users === 'string' ? [users] : [...users]
  }

  /** All names; the same set while they are the same. */
  get names(): ReadonlySet<string> {
    return (this.#names ??= new Set(this.#users.keys()))
  }

  /** Names that are new since this was called last. */
  takeAdded(): readonly string[] {
    const added = this.#added
    this.#added = []
    return added
  }
}
