import { jobProperties } from './job-common.ts';
import { planPipelineDefinition } from './job-pipeline.ts';
import { monitorAction } from './monitor.ts';
import type { Template } from './plan.ts';
import { loadReferencedFile, type PlannedEntity, type Planning, type SourceFile } from './planning.ts';
import {
  anything,
  byType,
  childAt,
  mapped,
  oneOf,
  record,
  refuse,
  text,
  textMap,
  textOrNumber,
  type At,
} from './readers.ts';
import { trigger } from './schedule-trigger.ts';
import { compact, type TemplateObject } from './templates.ts';
import { mapNode, member, stringMember, type MapNode, type YamlNode } from './yaml-node.ts';

const readSchedule = record(
  {
    name: text,
    display_name: text,
    description: text,
    tags: textMap,
    properties: textMap,
    trigger,
    create_job: anything,
    import_data: anything,
    create_monitor: anything,
  },
  { required: ['name', 'trigger'] },
);

/** A schedule that submits a pipeline job, imports data or monitors a deployment. */
export async function planSchedule(planning: Planning, source: SourceFile): Promise<PlannedEntity | undefined> {
  const at: At = { path: '', problems: planning.problems };
  const values = readSchedule(source.node, at);
  if (values === undefined) return undefined;
  const action =
    values.create_monitor !== undefined
      ? monitorAction(planning, values.create_monitor, values.trigger, childAt(at, 'create_monitor'))
      : values.create_job === undefined
        ? await importAction(planning, source, values.import_data, at)
        : await jobAction(planning, source, values.create_job, at);
  const properties = compact({
    displayName: values.display_name,
    description: values.description,
    tags: values.tags ?? {},
    properties: values.properties ?? {},
    trigger: values.trigger,
    action,
  });
  return {
    kind: 'schedule',
    main: { do: 'put', key: 'schedule', collection: 'schedules', name: values.name ?? '', body: { properties } },
  };
}

async function jobAction(
  planning: Planning,
  source: SourceFile,
  node: YamlNode,
  at: At,
): Promise<TemplateObject | undefined> {
  const create = childAt(at, 'create_job');
  if (node.kind === 'string' && node.value.startsWith('azureml:')) {
    const sourceJobId = node.value.slice('azureml:'.length);
    const jobDefinition = { jobType: 'Pipeline', sourceJobId, experimentName: '', isArchived: false };
    return { actionType: 'CreateJob', jobDefinition };
  }
  const job = await jobFile(planning, source, node, create);
  if (job === undefined) return undefined;
  const type = stringMember(job.node, 'type')?.toLowerCase() ?? 'command';
  if (type !== 'pipeline') {
    const place = member(job.node, 'type')?.place ?? job.node.place;
    planning.problems.add(place, `A schedule submits pipeline jobs only, but this job is of type ${type}.`);
    return undefined;
  }
  const definition = await planPipelineDefinition(planning, job, false);
  if (definition === undefined) return undefined;
  const { values, specific } = definition;
  const jobDefinition = compact({
    displayName: values.display_name,
    ...jobProperties(planning, values, specific),
  });
  return { actionType: 'CreateJob', jobDefinition };
}

/** The job to create: in a file, in a file with changes beside it, or written in place. */
async function jobFile(
  planning: Planning,
  source: SourceFile,
  node: YamlNode,
  at: At,
): Promise<SourceFile | undefined> {
  if (node.kind === 'string') return loadReferencedFile(planning, source, node.value.replace(/^file:/, ''), node.place);
  if (node.kind !== 'map') {
    refuse(node, at, 'a file, azureml:<job> or a job');
    return undefined;
  }
  const reference = member(node, 'job');
  if (reference === undefined) return { ...source, node };
  if (reference.kind !== 'string') {
    refuse(reference, childAt(at, 'job'), 'a file');
    return undefined;
  }
  const file = await loadReferencedFile(planning, source, reference.value.replace(/^file:/, ''), reference.place);
  return file && { ...file, node: file.node.kind === 'map' ? withChanges(file.node, node) : file.node };
}

/** The file's job with the mapping's other members; inputs, settings and the like are merged by name. */
function withChanges(job: MapNode, changes: MapNode): MapNode {
  const entries = new Map(job.entries);
  for (const entry of changes.entries.values()) {
    if (entry.key === 'job') continue;
    const before = entries.get(entry.key)?.value;
    const { value } = entry;
    const merged =
      before?.kind === 'map' && value.kind === 'map'
        ? mapNode(value.place, [
            ...[...before.entries.values()].map((own): [string, YamlNode] => [own.key, own.value]),
            ...[...value.entries.values()].map((own): [string, YamlNode] => [own.key, own.value]),
          ])
        : value;
    entries.set(entry.key, { ...entry, value: merged });
  }
  return { ...job, entries };
}

const readImport = record(
  {
    name: text,
    version: textOrNumber,
    type: oneOf(['uri_folder', 'mltable']),
    description: text,
    tags: textMap,
    properties: textMap,
    path: text,
    source: byType<TemplateObject>({
      database: mapped(record({ type: text, query: text, connection: text }), ({ query, connection }) =>
        compact({ sourceType: 'database', query, connection }),
      ),
      file_system: mapped(record({ type: text, path: text, connection: text }), ({ path, connection }) =>
        compact({ sourceType: 'file_system', path, connection }),
      ),
    }),
  },
  { required: ['name', 'path', 'source'] },
);

async function importAction(
  planning: Planning,
  source: SourceFile,
  node: YamlNode | undefined,
  at: At,
): Promise<Template | undefined> {
  if (node === undefined) {
    planning.problems.add(
      source.node.place,
      "A schedule needs 'create_job', 'import_data' or 'create_monitor': it says what is done.",
    );
    return undefined;
  }
  const file =
    node.kind === 'string'
      ? await loadReferencedFile(planning, source, node.value.replace(/^file:/, ''), node.place)
      : { ...source, node };
  const where = node.kind === 'string' ? at : childAt(at, 'import_data');
  const values = file && readImport(file.node, where);
  if (values === undefined) return undefined;
  const dataImportDefinition = compact({
    assetName: values.name,
    // Whatever the file says: the service's client knows imports as folders.
    dataType: 'uri_folder',
    dataUri: values.path,
    description: values.description,
    source: values.source,
    isAnonymous: false,
    isArchived: false,
    tags: values.tags ?? {},
    properties: values.properties ?? {},
  });
  return { actionType: 'ImportData', dataImportDefinition };
}
