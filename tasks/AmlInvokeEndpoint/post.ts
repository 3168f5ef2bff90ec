// After the pipeline job: cancels what the step started and could not see to its end. Contract: ./task.json. Logic: ../common/operations/cancel-job.ts
import { runPostJob } from '../common/agent/run-task.ts';
import { openWorkspaceOf } from '../common/azure/workspace.ts';
import { cancelOwnedJob, ownedJob } from '../common/operations/cancel-job.ts';
import { readInputs } from './task.gen.ts';

void runPostJob('AmlInvokeEndpoint', async (agent) => {
  if (ownedJob(agent.memory) === undefined) return;
  const inputs = readInputs(agent.inputs);
  const workspace = await openWorkspaceOf(agent, inputs);
  await cancelOwnedJob({ agent, workspace });
});
