import type { Template } from './plan.ts';
import type { Planning } from './planning.ts';
import { boolean, listOf, mapOf, mapped, number, record, text, textOr, textOrNumber, type Values } from './readers.ts';
import { assetReference } from './references.ts';
import { compact, type TemplateObject } from './templates.ts';
import type { Place } from './yaml-node.ts';

const dataAsset = record({ name: text, version: textOrNumber, path: text });
const located = (node: { readonly place: Place }) => node.place;

const collection = record({
  enabled: boolean,
  sampling_rate: number,
  data: textOr(
    (node, at) => {
      const reference = text(node, at);
      return reference === undefined ? undefined : { reference, place: located(node) };
    },
    mapped(dataAsset, (asset) => ({ asset })),
  ),
  client_id: text,
});

const FIELDS = {
  sampling_rate: number,
  rolling_rate: text,
  collections: mapOf(collection),
  request_logging: mapped(record({ capture_headers: listOf(text) }), ({ capture_headers }) =>
    compact({ captureHeaders: capture_headers }),
  ),
};

/** `data_collector` of an online deployment. */
export const readDataCollector = record(FIELDS);

type Collection = Values<{
  enabled: typeof boolean;
  sampling_rate: typeof number;
}> & {
  readonly data?:
    | { readonly reference: string; readonly place: Place }
    | { readonly asset: { readonly name?: string; readonly version?: string; readonly path?: string } };
};

/** The collector's body; every collection gets a data asset that its records go to. */
export function planDataCollector(
  planning: Planning,
  values: Values<typeof FIELDS>,
  endpoint: string,
  deployment: string,
): TemplateObject {
  const collections = Object.entries(values.collections ?? {}).map(([name, entry]) => [
    name,
    compact({
      dataCollectionMode: entry.enabled === true ? 'enabled' : 'disabled',
      dataId: collectionData(planning, name, entry, endpoint, deployment),
      samplingRate: entry.sampling_rate ?? values.sampling_rate,
    }),
  ]);
  return compact({
    collections: Object.fromEntries(collections) as TemplateObject,
    rollingRate: values.rolling_rate,
    requestLogging: values.request_logging,
  });
}

function collectionData(
  planning: Planning,
  name: string,
  entry: Collection,
  endpoint: string,
  deployment: string,
): Template | undefined {
  if (entry.data !== undefined && 'reference' in entry.data) {
    return assetReference(planning, 'data', entry.data.reference, entry.data.place);
  }
  const asset = entry.data?.asset;
  const assetName = asset?.name ?? `${endpoint}-${deployment}-${name}`;
  const version = asset?.version ?? '1';
  const dataUri =
    asset?.path ?? `azureml://datastores/workspaceblobstore/paths/modelDataCollector/${endpoint}/${deployment}/${name}`;
  return planning.step(
    {
      do: 'put',
      key: `data:${assetName}:${version}`,
      collection: 'data',
      name: assetName,
      version: { rule: 'given', version },
      body: {
        properties: {
          dataType: 'uri_folder',
          dataUri,
          isAnonymous: false,
          isArchived: false,
          properties: {},
          tags: {},
        },
      },
    },
    'id',
  );
}
