/** A map whose keys differ only by more than case, as variables, inputs and command properties do; the first spelling is kept. */
export class NamedMap<V> {
  readonly #entries = new Map<string, { readonly name: string; readonly value: V }>();

  constructor(entries: Iterable<readonly [string, V]> = []) {
    for (const [name, value] of entries) this.set(name, value);
  }

  get(name: string): V | undefined {
    return this.#entries.get(key(name))?.value;
  }

  has(name: string): boolean {
    return this.#entries.has(key(name));
  }

  set(name: string, value: V): void {
    this.#entries.set(key(name), { name: this.#entries.get(key(name))?.name ?? name, value });
  }

  /** Pairs of name and value, in the order in which the names were first set. */
  *entries(): IterableIterator<[string, V]> {
    for (const { name, value } of this.#entries.values()) yield [name, value];
  }

  toObject(): Record<string, V> {
    return Object.fromEntries(this.entries());
  }
}

function key(name: string): string {
  return name.toUpperCase();
}
