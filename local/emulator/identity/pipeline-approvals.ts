/**
 * The pipeline service's view of a run, as far as evidence of approvals is read from it: the run's timeline and the
 * approvals its stages waited for. Who approved what is put there from outside.
 */
import type { EmulatorContext } from '../context.ts';
import { pipelinesError } from '../errors.ts';
import type { Evidence, Incoming, Reply, Route } from '../http.ts';
import { isJsonObject } from '../json.ts';
import { stableGuid } from '../settings.ts';
import { requireSystemToken } from './pipeline-oidc.ts';

/** A decision somebody took on a stage of a run. */
export interface ApprovalRecord {
  readonly buildId: string;
  readonly stage: string;
  readonly status: 'approved' | 'rejected' | 'pending';
  readonly approver: string;
  /** An account name, such as an e-mail address. */
  readonly account: string;
  /** ISO 8601. */
  readonly decidedAt: string;
}

/** Of the emulator's state: key is anything, value an ApprovalRecord. */
export const APPROVALS = 'pipeline/approvals';

/**
 * Stores a decision that was taken outside: by whoever runs a pipeline on this machine, or by a test. Throws TypeError when
 * something of it is missing.
 */
export function noteApproval({ state }: Pick<EmulatorContext, 'state'>, decision: unknown): void {
  const text = (name: keyof ApprovalRecord): string => {
    const value = isJsonObject(decision) ? decision[name] : undefined;
    if (typeof value === 'string' && value !== '') return value;
    throw new TypeError(`An approval needs '${name}' as text.`);
  };
  const status = STATUSES.find((each) => each === text('status'));
  if (status === undefined) throw new TypeError(`An approval's status is one of ${STATUSES.join(', ')}.`);
  const [buildId, stage, approver, account, decidedAt] = [
    text('buildId'),
    text('stage'),
    text('approver'),
    text('account'),
    text('decidedAt'),
  ];
  const key = `${buildId} ${stage} ${account} ${decidedAt}`;
  state.collection<ApprovalRecord>(APPROVALS).put(key, { buildId, stage, status, approver, account, decidedAt });
}

const STATUSES = ['approved', 'rejected', 'pending'] as const;

const TIMELINE: Evidence = { mark: 'spec', source: 'Azure DevOps REST 7.1, Timeline - Get' };
const QUERY: Evidence = { mark: 'spec', source: 'Azure DevOps REST 7.1, Approvals - Query' };

export function approvalRoutes(context: EmulatorContext): Route[] {
  const route = (path: string, evidence: Evidence, handle: (request: Incoming) => Reply): Route => ({
    plane: 'pipelines',
    method: 'GET',
    path: `/{organization}/{project}/_apis/${path}`,
    evidence,
    open: true,
    handle: (request) => {
      requireSystemToken(context.settings, request);
      return handle(request);
    },
  });
  return [
    route('build/builds/{build}/timeline', TIMELINE, (request) => timeline(context, request)),
    route('pipelines/approvals', QUERY, (request) => approvals(context, request)),
  ];
}

function records({ state }: EmulatorContext): readonly (ApprovalRecord & { readonly id: string })[] {
  return state
    .collection<ApprovalRecord>(APPROVALS)
    .list()
    .map(({ key, value }) => ({ ...value, id: stableGuid(`approval ${key}`) }));
}

/** A stage with approvals has a checkpoint below it, and below that one record an approval, under the approval's id. */
function timeline(context: EmulatorContext, { params }: Incoming): Reply {
  const { build = '' } = params;
  const own = records(context).filter(({ buildId }) => buildId === build);
  const stages = [...new Set(own.map(({ stage }) => stage))].flatMap((stage) => {
    const id = stableGuid(`stage ${build} ${stage}`);
    const checkpoint = stableGuid(`checkpoint ${build} ${stage}`);
    const checks = own.filter((record) => record.stage === stage);
    return [
      { id, parentId: null, type: 'Stage', name: stage, identifier: stage, state: 'inProgress', result: null },
      {
        id: checkpoint,
        parentId: id,
        type: 'Checkpoint',
        name: 'Checkpoint',
        identifier: 'Checkpoint',
        state: 'completed',
        result: 'succeeded',
      },
      ...checks.map((check) => ({
        id: check.id,
        parentId: checkpoint,
        type: 'Checkpoint.Approval',
        name: 'Checkpoint.Approval',
        identifier: null,
        state: check.status === 'pending' ? 'inProgress' : 'completed',
        result: check.status === 'rejected' ? 'failed' : 'succeeded',
      })),
    ];
  });
  const id = stableGuid(`timeline ${build}`);
  return {
    status: 200,
    body: { records: stages, id, changeId: 1, lastChangedBy: null, lastChangedOn: null, url: null },
  };
}

function approvals(context: EmulatorContext, { query }: Incoming): Reply {
  const ids = query.get('approvalIds')?.split(',') ?? [];
  const found = records(context).filter(({ id }) => ids.includes(id));
  if (found.length < ids.length) {
    throw pipelinesError(404, 'ApprovalNotFoundException', 'An approval of this id does not exist in this project.');
  }
  const value = found.map((record) => {
    const person = { id: stableGuid(record.account), displayName: record.approver, uniqueName: record.account };
    const step = {
      assignedApprover: person,
      ...(record.status !== 'pending' && { actualApprover: person }),
      status: record.status,
      comment: '',
      lastModifiedOn: record.decidedAt,
      order: 1,
      initiatedOn: record.decidedAt,
    };
    return {
      id: record.id,
      ...(query.get('$expand') === 'steps' && { steps: [step] }),
      status: record.status,
      createdOn: record.decidedAt,
      lastModifiedOn: record.decidedAt,
      executionOrder: 'anyOrder',
      minRequiredApprovers: 1,
      blockedApprovers: [],
    };
  });
  return { status: 200, body: { count: value.length, value } };
}
