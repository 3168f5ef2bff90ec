/** Order of jobs within a stage, and of stages: each after those it depends on, otherwise as written. */

export interface Dependent {
  readonly name: string;
  readonly dependsOn: readonly string[];
}

/** The items in an order in which they can run; what stands in a circle is left out. Names are compared without case. */
export function dependencyOrder<T extends Dependent>(items: readonly T[]): T[] {
  const ordered: T[] = [];
  let waiting = [...items];
  for (;;) {
    const done = new Set(ordered.map(({ name }) => name.toLowerCase()));
    const ready = waiting.find(({ dependsOn }) => dependsOn.every((name) => done.has(name.toLowerCase())));
    if (ready === undefined) return ordered;
    ordered.push(ready);
    waiting = waiting.filter((item) => item !== ready);
  }
}

/** Everything an item depends on, directly or through others. */
export function allDependencies<T extends Dependent>(item: Dependent, items: readonly T[]): T[] {
  const found = new Set<T>();
  const add = (names: readonly string[]): void => {
    for (const each of items.filter(({ name }) => names.some((other) => other.toLowerCase() === name.toLowerCase()))) {
      if (found.has(each)) continue;
      found.add(each);
      add(each.dependsOn);
    }
  };
  add(item.dependsOn);
  return items.filter((each) => found.has(each));
}
