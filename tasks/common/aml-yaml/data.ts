import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { DATA_TYPES, type DataType } from './job-data.ts';
import { loadYaml } from './load-yaml.ts';
import type { LocalSource, PutStep, Template, VersionRule } from './plan.ts';
import type { PlannedEntity, Planning, SourceFile } from './planning.ts';
import { boolean, oneOf, record, text, textMap, textOrNumber, type Values } from './readers.ts';
import { isUrl } from './references.ts';
import { camelCase, compact } from './templates.ts';
import { datastoreName, localPath, planUpload } from './uploads.ts';
import { member, type Place, type YamlNode } from './yaml-node.ts';

const FIELDS = {
  name: text,
  version: textOrNumber,
  description: text,
  tags: textMap,
  properties: textMap,
  path: text,
  type: oneOf(DATA_TYPES.slice(0, 3)),
  datastore: text,
  skip_validation: boolean,
  auto_delete_setting: record({ condition: text, value: textOrNumber }),
};
type DataValues = Values<typeof FIELDS>;

const readData = record(FIELDS, { required: ['name', 'path'] });

/** A data asset: a file, a folder or a table, local or where it lies. */
export async function planData(planning: Planning, source: SourceFile): Promise<PlannedEntity | undefined> {
  const values = readData(source.node, { path: '', problems: planning.problems });
  if (values === undefined) return undefined;
  const type = values.type ?? 'uri_folder';
  const place = member(source.node, 'path')?.place ?? source.node.place;
  const content =
    values.path === undefined ? undefined : await dataContent(planning, source, values, type, values.path, place);
  const version: VersionRule =
    values.version === undefined ? { rule: 'next' } : { rule: 'given', version: values.version };
  const main: PutStep = {
    do: 'put',
    key: `data:${values.name ?? ''}`,
    collection: 'data',
    name: values.name ?? '',
    version,
    body: {
      properties: compact({
        description: values.description,
        tags: values.tags ?? {},
        properties: values.properties ?? {},
        isAnonymous: false,
        isArchived: false,
        dataType: type,
        ...content,
        autoDeleteSetting:
          values.auto_delete_setting &&
          compact({
            condition: values.auto_delete_setting.condition && camelCase(values.auto_delete_setting.condition),
            value: values.auto_delete_setting.value,
          }),
      }),
    },
  };
  return { kind: 'data', main };
}

async function dataContent(
  planning: Planning,
  source: SourceFile,
  values: DataValues,
  type: DataType,
  path: string,
  place: Place,
): Promise<{ readonly dataUri: Template; readonly referencedUris?: readonly string[] } | undefined> {
  if (isUrl(path)) return { dataUri: path };
  const uploaded = await planUpload(planning, localPath(source.folder, path, place, 'The data path'), {
    datastore: datastoreName(values.datastore),
    uriForm: 'short',
    trailingSlash: false,
  });
  if (uploaded === undefined) return undefined;
  const kind = type === 'uri_file' ? 'file' : 'folder';
  if (uploaded.source.kind !== kind) {
    planning.problems.add(place, `'${path}' is a ${uploaded.source.kind}, but data of type ${type} is a ${kind}.`);
  }
  if (type !== 'mltable') return { dataUri: uploaded.uri };
  return { dataUri: uploaded.uri, referencedUris: await tablePaths(planning, uploaded.source, path, place) };
}

/** The paths an MLTable file lists, as they are written there. */
async function tablePaths(
  planning: Planning,
  source: LocalSource,
  path: string,
  place: Place,
): Promise<readonly string[]> {
  const file = join(path, 'MLTable');
  const content = await planning.request.files.readText(join(source.path, 'MLTable'));
  if (content === undefined) {
    planning.problems.add(place, `'${path}' holds no file named MLTable, which data of type mltable must have.`);
    return [];
  }
  const table = loadTable(planning, content, file);
  const paths = member(table, 'paths');
  if (table !== undefined && paths?.kind !== 'list') {
    planning.problems.add(table.place, "An MLTable file lists its data under 'paths'.");
  }
  const entries = paths?.kind === 'list' ? paths.items : [];
  return entries
    .flatMap((entry) => (entry.kind === 'map' ? [...entry.entries.values()] : []))
    .flatMap(({ value }) => (value.kind === 'string' ? [value.value] : []));
}

function loadTable(planning: Planning, content: string, file: string): YamlNode | undefined {
  try {
    return loadYaml(content, file);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    for (const { message, ...place } of error.problems) planning.problems.add({ file, ...place }, message);
    return undefined;
  }
}
