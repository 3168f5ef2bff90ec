/** The frozen surface: what pipelines out there may rely on. Adding to it is free; everything else breaks them. */
import { isIndispensable, type Task, type TaskInput } from '../task-contract.ts';

export interface InputSurface {
  readonly type: string;
  readonly required: boolean;
  readonly default?: string;
  readonly options?: readonly string[];
}

export interface TaskSurface {
  readonly id: string;
  readonly inputs: Readonly<Record<string, InputSurface>>;
  readonly outputs: readonly string[];
}

/** Tasks by `Name@major`. */
export type Surface = Readonly<Record<string, TaskSurface>>;

export function surfaceOf(tasks: readonly Task[]): Surface {
  return Object.fromEntries(
    tasks.map(({ name, json }) => [
      `${name}@${json.version.Major}`,
      {
        id: json.id,
        inputs: Object.fromEntries(json.inputs.map((input) => [input.name, inputSurface(input)])),
        outputs: (json.outputVariables ?? []).map((output) => output.name).sort(),
      },
    ]),
  );
}

function inputSurface(input: TaskInput): InputSurface {
  return {
    type: input.type,
    required: isIndispensable(input),
    ...(input.defaultValue === undefined ? {} : { default: input.defaultValue }),
    ...(input.options === undefined ? {} : { options: Object.keys(input.options) }),
  };
}

/** What in the new surface would break a pipeline that works with the old one, one sentence each. */
export function findBreaks(before: Surface, after: Surface): readonly string[] {
  return Object.entries(before).flatMap(([key, old]) => {
    const now = after[key];
    if (now === undefined) return [`${key} is gone. Keep it, deprecated, beside its successor.`];
    return [
      ...(now.id === old.id ? [] : [`${key} has another id. Ids never change.`]),
      ...Object.entries(old.inputs).flatMap(([name, input]) => inputBreaks(`${key} ${name}`, input, now.inputs[name])),
      ...newDemands(key, old, now),
      ...old.outputs
        .filter((output) => !now.outputs.includes(output))
        .map((output) => `${key}: output ${output} is gone. Keep setting it.`),
    ];
  });
}

function inputBreaks(place: string, old: InputSurface, now: InputSurface | undefined): readonly string[] {
  if (now === undefined) return [`${place} is gone. Keep the name as an alias of the new input.`];
  const lost = (old.options ?? []).filter((option) => now.options?.includes(option) === false);
  return [
    ...(now.type === old.type ? [] : [`${place} was ${old.type} and is ${now.type}. Add a new input instead.`]),
    ...(now.required && !old.required ? [`${place} has become required. Give it a default.`] : []),
    ...(now.default === old.default ? [] : [`${place} has another default. Pipelines rely on '${old.default ?? ''}'.`]),
    ...lost.map((option) => `${place} no longer takes '${option}'. Keep it as another name of its successor.`),
  ];
}

function newDemands(key: string, old: TaskSurface, now: TaskSurface): readonly string[] {
  return Object.entries(now.inputs)
    .filter(([name, input]) => input.required && !(name in old.inputs))
    .map(([name]) => `${key} ${name} is new and required. Give it a default.`);
}
