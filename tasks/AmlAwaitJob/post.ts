// After the pipeline job: cancels what the step was to cancel and could not. Contract: ./task.json. Logic: ../common/operations/cancel-many-jobs.ts
import { runPostJob } from '../common/agent/run-task.ts';
import { openWorkspaceOf } from '../common/azure/workspace.ts';
import { cancelOwnedJobs, ownedJobs } from '../common/operations/cancel-many-jobs.ts';
import { readInputs } from './task.gen.ts';

void runPostJob('AmlAwaitJob', async (agent) => {
  if ((await ownedJobs(agent)).length === 0) return;
  const inputs = readInputs(agent.inputs);
  const workspace = await openWorkspaceOf(agent, inputs);
  await cancelOwnedJobs({ agent, workspace });
});
