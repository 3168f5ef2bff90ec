import { pythonText } from './python-literals.ts';
import { anyMap, listOf, record, text } from './readers.ts';
import type { TemplateObject } from './templates.ts';
import type { MapNode, YamlNode } from './yaml-node.ts';

/** Fields that Spark jobs, components and nodes share. */
export const SPARK_FIELDS = {
  entry: record({ file: text, class_name: text }),
  py_files: listOf(text),
  jars: listOf(text),
  files: listOf(text),
  archives: listOf(text),
  args: text,
  conf: anyMap,
};

export const sparkResources = record({ instance_type: text, runtime_version: text });

type Entry = NonNullable<ReturnType<typeof SPARK_FIELDS.entry>>;

/** `{spark_job_entry_type: "SparkJobPythonEntry", file}` */
export function nodeEntry(entry: Entry): TemplateObject {
  return entry.class_name === undefined
    ? { spark_job_entry_type: 'SparkJobPythonEntry', file: entry.file ?? '' }
    : { spark_job_entry_type: 'SparkJobScalaEntry', class_name: entry.class_name };
}

/** The settings of a Spark job, all as texts. */
export function confTexts(conf: MapNode): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...conf.entries.values()].map(({ key, value }) => [key, pythonRepresentation(value, true)]),
  );
}

/** Python's `str()` of any value; texts inside of lists and mappings stand in quotes. */
function pythonRepresentation(node: YamlNode, isOutermost: boolean): string {
  switch (node.kind) {
    case 'list':
      return `[${node.items.map((item) => pythonRepresentation(item, false)).join(', ')}]`;
    case 'map': {
      const members = [...node.entries.values()].map(
        ({ key, value }) => `'${key}': ${pythonRepresentation(value, false)}`,
      );
      return `{${members.join(', ')}}`;
    }
    case 'string':
      return isOutermost ? node.value : `'${node.value}'`;
    default:
      return pythonText(node) ?? '';
  }
}
