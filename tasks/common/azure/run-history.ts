/** Runs as run history knows them: states, children, log files. */
import type { Json, JsonObject } from '../domain/json.ts';
import { at, isJsonObject, textAt } from '../domain/json.ts';
import type { RequestOptions, Run, RunDetails, RunHistory } from '../ports.ts';
import { ServiceError } from '../errors.ts';
import { bodyOf } from './regional.ts';
import type { Regional } from './regional.ts';

const apiVersion = 'v1.0';

/** `maskUrl` is told every URL with a signature before it is handed on. */
export function createRunHistory(regional: Regional, maskUrl: (url: string) => void): RunHistory {
  const runsWithoutArtifacts = new Set<string>();
  return {
    async details(runId, options = {}) {
      const path = `runs/${encodeURIComponent(runId)}/details`;
      const query = { 'api-version': apiVersion };
      const answer = await regional.get('history/v1.0', path, { ...options, query });
      const details = readDetails(bodyOf(answer, `The run ${runId}`), runId);
      const logFiles =
        Object.keys(details.logFiles).length > 0 || !mayHaveLogs(details.status) || runsWithoutArtifacts.has(runId)
          ? details.logFiles
          : await listLogs(regional, runId, runsWithoutArtifacts, options);
      Object.values(logFiles).forEach(maskUrl);
      return { ...details, logFiles };
    },
    async children(runId, options = {}) {
      const runs: Run[] = [];
      let continuation: string | undefined;
      do {
        const query = { 'api-version': apiVersion, $continuationtoken: continuation };
        const path = `runs/${encodeURIComponent(runId)}/children`;
        const page = bodyOf(
          await regional.get('history/v1.0', path, { ...options, query }),
          `The steps of the run ${runId}`,
        );
        runs.push(...itemsOf(page).map((run) => readRun(run, runId)));
        continuation = textAt(page, 'continuationToken');
      } while (continuation !== undefined && continuation !== '');
      return runs;
    },
  };
}

/** A run's document, with names of today (`createdTimeUtc` …); what is missing is empty, never an error. */
export function readRun(body: Json, runId: string): Run {
  const id = textAt(body, 'runId') ?? runId;
  return {
    id,
    displayName: textAt(body, 'displayName') ?? id,
    status: textAt(body, 'status') ?? '',
    parentId: textAt(body, 'parentRunId'),
    startTime: textAt(body, 'startTimeUtc'),
    endTime: textAt(body, 'endTimeUtc'),
    error: readRunError(at(body, 'error')),
    properties: textsOf(at(body, 'properties')),
  };
}

export function readDetails(body: Json, runId: string): RunDetails {
  const warnings = at(body, 'warnings');
  const listed: readonly Json[] = Array.isArray(warnings) ? (warnings as readonly Json[]) : [];
  return {
    ...readRun(body, runId),
    warnings: listed.flatMap((warning) => textAt(warning, 'message') ?? []),
    logFiles: textsOf(at(body, 'logFiles')),
  };
}

/** The reason stands one level down, in the shape of an error answer. */
function readRunError(error: Json | undefined): Run['error'] {
  const inner = at(error, 'error') ?? error;
  if (!isJsonObject(inner)) return undefined;
  const message = textAt(inner, 'message');
  if (message === undefined) return undefined;
  return { code: textAt(inner, 'code') ?? 'UserError', message };
}

function mayHaveLogs(status: string): boolean {
  return /^(?:Running|Finalizing|Completed|Failed|Canceled)$/i.test(status);
}

/** Where a run names no log files, the artifact service may list them. */
async function listLogs(
  regional: Regional,
  runId: string,
  runsWithoutArtifacts: Set<string>,
  options: RequestOptions,
): Promise<Readonly<Record<string, string>>> {
  const path = `artifacts/prefix/contentinfo/ExperimentRun/${encodeURIComponent(`dcid.${runId}`)}`;
  try {
    const answer = await regional.get('artifact/v2.0', path, { ...options, query: { path: 'user_logs', count: 100 } });
    if (answer.status >= 300) {
      runsWithoutArtifacts.add(runId);
      return {};
    }
    const entries = itemsOf(bodyOf(answer, 'The list of logs')).flatMap((entry) => {
      const name = textAt(entry, 'path');
      const url = textAt(entry, 'contentUri');
      return name === undefined || url === undefined ? [] : [[name, url] as const];
    });
    return Object.fromEntries(entries);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    // Logs are an extra here: the run's own document has been read.
    runsWithoutArtifacts.add(runId);
    return {};
  }
}

function itemsOf(page: Json): readonly JsonObject[] {
  const value = at(page, 'value');
  return Array.isArray(value) ? (value as readonly Json[]).filter(isJsonObject) : [];
}

function textsOf(value: Json | undefined): Readonly<Record<string, string>> {
  if (!isJsonObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, text]) => (typeof text === 'string' ? [[name, text] as const] : [])),
  );
}
