// A place in a JSON document, which knows its path: so that whatever is wrong is named.

export class Field {
  readonly #origin: string
  readonly #path: string
  readonly #value: unknown

  constructor(origin: string, path: string, value: unknown) {
    this.#origin = origin
    this.#path = path
    this.#value = value
  }

  get isThere(): boolean {
    return this.#value !== undefined && this.#value !== null
  }

  at(name: string): Field {
    const path = this.#path === '' ? name : `${this.#path}.${name}`
    return new Field(this.#origin, path, this.object()?.[name])
  }

  text(): string | undefined {
    if (!this.isThere) return undefined
    return typeof this.#value === 'string' ? this.#value : this.refuse('must be a text')
  }

  needed(): string {
    const text = this.text()
    return text === undefined || text === '' ? this.refuse('is missing') : text
  }

  list(): Field[] {
    if (!this.isThere) return []
    if (!Array.isArray(this.#value)) this.refuse('must be a list')
    return (this.#value as unknown[]).map((item, n) => new Field(this.#origin, `${this.#path}[${n}]`, item))
  }

  entries(): [string, Field][] {
    return Object.keys(this.object() ?? {}).map((name) => [name, this.at(name)])
  }

  object(): Readonly<Record<string, unknown>> | undefined {
    if (!this.isThere) return undefined
    if (typeof this.#value !== 'object' || Array.isArray(this.#value)) this.refuse('must be an object')
    return this.#value as Readonly<Record<string, unknown>>
  }

  refuse(why: string): never {
    throw new TypeError(`${this.#origin}: ${this.#path === '' ? 'the document' : this.#path} ${why}`)
  }
}
