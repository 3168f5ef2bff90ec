import { prefixed } from './component-command.ts';
import { inputDefinitions, outputDefinitions } from './component-ports.ts';
import { COMMON_COMPONENT_FIELDS, componentHead, type ComponentPlanner } from './component-types.ts';
import { planEnvironmentField } from './environment.ts';
import { anything, boolean, childAt, record, text } from './readers.ts';
import { nodeEntry, SPARK_FIELDS } from './spark-settings.ts';
import { compact, passThrough } from './templates.ts';
import { localPath, planCode } from './uploads.ts';
import { member } from './yaml-node.ts';

const readSparkComponent = record(
  {
    ...COMMON_COMPONENT_FIELDS,
    ...SPARK_FIELDS,
    is_deterministic: boolean,
    inputs: inputDefinitions,
    outputs: outputDefinitions,
    code: text,
    environment: anything,
  },
  { required: ['code', 'entry'] },
);

/** A Spark component. */
export const planSparkComponent: ComponentPlanner = async (planning, source, node, at, definedIn) => {
  const values = readSparkComponent(node, at);
  if (values === undefined) return undefined;
  const environment =
    values.environment &&
    (await planEnvironmentField(planning, source, values.environment, childAt(at, 'environment'), 'anonymous'));
  const codePlace = member(node, 'code')?.place ?? node.place;
  const shared = compact({
    conf: values.conf && passThrough(values.conf),
    args: values.args,
    py_files: values.py_files,
    jars: values.jars,
    files: values.files,
    archives: values.archives,
  });
  return {
    ...componentHead('spark', node, definedIn, values),
    forNodes: compact({ ...shared, entry: values.entry && nodeEntry(values.entry) }),
    specific: {
      ...shared,
      is_deterministic: values.is_deterministic ?? true,
      entry: values.entry,
      environment: prefixed(environment),
      code:
        values.code === undefined
          ? undefined
          : await planCode(
              planning,
              localPath(source.folder, values.code, codePlace, 'The code'),
              'component',
              'azureml:',
            ),
    },
  };
};
