/** What a run leaves behind: stages, their jobs, and every time a job ran. */
import type { JobRecord } from '../../agent/records.ts';
import type { TaskResult } from '../../agent/task-result.ts';
import type { Ended } from './status.ts';

export interface UnitRecord extends Ended {
  readonly displayName: string;
  /** Why nothing of it ran. */
  readonly reason: string | undefined;
}

/** One time a job ran: once, or for each leg of a matrix, or for each hook of a deployment. */
export interface JobRun {
  /** The leg or hook; undefined where there is only one. */
  readonly part: string | undefined;
  readonly record: JobRecord;
}

export interface JobUnitRecord extends UnitRecord {
  readonly runs: readonly JobRun[];
}

export interface StageRecord extends UnitRecord {
  readonly jobs: readonly JobUnitRecord[];
}

export interface PipelineRecord {
  readonly buildNumber: string;
  readonly result: TaskResult;
  readonly stages: readonly StageRecord[];
}
