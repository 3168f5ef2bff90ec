/** Code assets: found by content across all names, uploaded into containers of their own. */
import { randomUUID } from 'node:crypto';
import type { EmulatorContext } from '../context.ts';
import { assetNotFound, badBody } from '../errors.ts';
import type { Evidence, Incoming, Reply, Route } from '../http.ts';
import { textAt, type JsonObject } from '../json.ts';
import { assetBase, newerMembers, numberedVersions, type AssetKind } from './asset-kind.ts';
import { assetRoutes } from './asset-routes.ts';
import { COLLECTIONS } from './resource.ts';
import { WORKSPACE_PATH, workspaceOf } from './workspace-scope.ts';

const recorded = (name: string): Evidence => ({ mark: 'recorded', source: `code/${name}` });

const CODES: AssetKind = {
  segment: 'codes',
  collection: COLLECTIONS.codes,
  statusOfUpdate: 200,
  updateTouches: true,
  normalise: (properties) => {
    const codeUri = textAt(properties, 'codeUri');
    if (codeUri === undefined) throw badBody('The field properties.codeUri is required.');
    // Whatever was sent, code is not anonymous to the service.
    return { ...assetBase(properties), isAnonymous: false, codeUri };
  },
  // A version that is put again is answered as it is put: the service compares nothing here.
  checkChange: () => undefined,
  describe: (properties, apiVersion) => {
    const { codeUri, ...base } = properties;
    return { ...base, codeUri, ...newerMembers(properties, apiVersion).provisioning };
  },
  containerVersions: numberedVersions,
  versionNotFound: (name, version) => assetNotFound('Code', name, version),
  containerNotFound: (name) => assetNotFound('Code', name),
  listsAcross: (request) => request.query.has('hash'),
  keeps: ({ properties }, query) => hasHash(properties, query.get('hash'), query.get('hashVersion')),
  evidence: {
    put: recorded('create_version_201, code/put_existing_200'),
    list: recorded('find_by_hash'),
    container: { mark: 'spec', source: 'CodeContainers_Get 2025-12-01' },
  },
};

function hasHash({ properties }: JsonObject, hash: string | null, version: string | null): boolean {
  if (hash === null) return true;
  const known = (version === null || textAt(properties, 'hash_version') === version) && hash !== '';
  return known && textAt(properties, 'hash_sha256') === hash;
}

export function codeRoutes(context: EmulatorContext): Route[] {
  return [
    ...assetRoutes(context, CODES),
    {
      plane: 'arm',
      method: 'POST',
      path: `${WORKSPACE_PATH}/codes/{name}/versions/{version}/startPendingUpload`,
      evidence: { mark: 'spec', source: 'CodeVersions_CreateOrGetStartPendingUpload 2025-12-01; client contract' },
      handle: (request) => startPendingUpload(context, request),
    },
  ];
}

/** How long the SAS of an upload holds: the longest a client may take, in virtual milliseconds. */
const UPLOAD_LIFETIME = 8 * 3600 * 1000;

/** A new container each time, named after the workspace as the service does, with a SAS to fill it. */
async function startPendingUpload(context: EmulatorContext, request: Incoming): Promise<Reply> {
  const workspace = workspaceOf(context, request);
  const account = workspace.storageAccount;
  const container = `${workspace.workspaceId.slice(0, 10)}-${randomUUID()}`;
  await context.blobs.createContainer(account, container);
  const permissions = 'racwl';
  const sasUrl = context.blobs.sasUrl({ account, container, permissions, lifetimeMs: UPLOAD_LIFETIME });
  // The service writes the port out.
  const withPort = (url: string): string => url.replace(/^https:\/\/([^/]+)\//, 'https://$1:443/');
  return {
    status: 200,
    body: {
      pendingUploadId: randomUUID(),
      pendingUploadType: 'TemporaryBlobReference',
      blobReferenceForConsumption: {
        blobUri: withPort(context.blobs.url(account, container)),
        storageAccountArmId: workspace.properties.storageAccount,
        credential: { credentialType: 'SAS', sasUri: withPort(sasUrl) },
      },
    },
  };
}
