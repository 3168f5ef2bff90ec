import { hashedGuid } from './anonymous-versions.ts';
import { codeSource, dataSource, type CodeOwner, type LocalPath } from './local-source.ts';
import type { Deferred, LocalSource, Template, UploadDataStep } from './plan.ts';
import type { Planning } from './planning.ts';
import { isUrl } from './references.ts';
import type { Place } from './yaml-node.ts';

const DEFAULT_DATASTORE = 'workspaceblobstore';

/** The ARM id of a code asset made of a local path, or a URI as it is; undefined after reporting what is wrong. */
export async function planCode(
  planning: Planning,
  path: LocalPath,
  owner: CodeOwner,
  prefix?: string,
): Promise<Template | undefined> {
  if (path.written.startsWith('git+')) {
    planning.problems.add(
      path.place,
      `${path.what} '${path.written}' is a git path, which is not supported. Use a folder.`,
    );
    return undefined;
  }
  if (isUrl(path.written)) return planRemoteCode(planning, path, prefix);
  const source = await codeSource(planning, path, owner);
  return source === undefined ? undefined : uploadCode(planning, source, prefix);
}

/** The step that finds or uploads this code; the same content is one asset. */
export function uploadCode(planning: Planning, source: LocalSource, prefix?: string): Deferred {
  const key = `code:${source.contentHash}:${source.basename}`;
  return planning.step({ do: 'uploadCode', key, source }, 'id', prefix);
}

/** Code that already lies at a URI becomes an asset without an upload, named by that URI. */
function planRemoteCode(planning: Planning, path: LocalPath, prefix?: string): Template | undefined {
  if (path.written.startsWith('azureml:')) {
    planning.problems.add(
      path.place,
      `${path.what} '${path.written}' cannot be a reference; give a folder or an https URI.`,
    );
    return undefined;
  }
  return planning.step(
    {
      do: 'put',
      key: `code:${path.written}`,
      collection: 'codes',
      name: hashedGuid(path.written),
      version: { rule: 'given', version: '1' },
      body: { properties: { codeUri: path.written, isAnonymous: true } },
    },
    'id',
    prefix,
  );
}

export interface DataUpload {
  readonly datastore?: string | undefined;
  readonly uriForm: UploadDataStep['uriForm'];
  readonly trailingSlash: boolean;
}

/** The URI of an uploaded file or folder, with what was found there; undefined after reporting what is wrong. */
export async function planUpload(
  planning: Planning,
  path: LocalPath,
  upload: DataUpload,
): Promise<{ readonly uri: Deferred; readonly source: LocalSource } | undefined> {
  const source = await dataSource(planning, path);
  if (source === undefined) return undefined;
  return { uri: uploadData(planning, source, upload), source };
}

export function uploadData(planning: Planning, source: LocalSource, upload: DataUpload): Deferred {
  const datastore = upload.datastore ?? DEFAULT_DATASTORE;
  const { uriForm, trailingSlash } = upload;
  const key = ['data', datastore, source.objectHash, source.basename, uriForm, trailingSlash ? 'folder' : 'exact'].join(
    ':',
  );
  return planning.step({ do: 'uploadData', key, source, datastore, uriForm, trailingSlash }, 'uri');
}

/** `azureml:store` or `store`: the datastore's name. */
export function datastoreName(written: string | undefined): string | undefined {
  return written?.replace(/^azureml:/, '');
}

/** A path of a file, as uploads take it. */
export function localPath(folder: string, written: string, place: Place, what: string): LocalPath {
  return { folder, written, place, what };
}
