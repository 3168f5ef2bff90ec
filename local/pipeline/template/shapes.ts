/** Which part of a pipeline a node is, as far as the expansion treats it differently. */

export type Shape = 'root' | 'stages' | 'stage' | 'jobs' | 'job' | 'variables' | 'any';

const KEYS: Partial<Readonly<Record<Shape, Readonly<Record<string, Shape>>>>> = {
  root: { stages: 'stages', jobs: 'jobs', variables: 'variables' },
  stage: { jobs: 'jobs', variables: 'variables' },
  job: { variables: 'variables' },
};

/** The shape of a key's value. */
export function shapeOfKey(shape: Shape, key: string): Shape {
  const keys = KEYS[shape];
  return keys !== undefined && Object.hasOwn(keys, key) ? (keys[key] ?? 'any') : 'any';
}

/** The shape of an item of a list. */
export function shapeOfItem(shape: Shape): Shape {
  if (shape === 'stages') return 'stage';
  return shape === 'jobs' ? 'job' : 'any';
}
