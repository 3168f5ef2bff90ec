// Waits for jobs that are already submitted. Contract: ./task.json. Logic: ../common/operations/await-jobs.ts
import { runTask } from '../common/agent/run-task.ts';
import { openWorkspaceOf } from '../common/azure/workspace.ts';
import { awaitJobs } from '../common/operations/await-jobs.ts';
import { readInputs, type Outputs } from './task.gen.ts';

void runTask<Outputs>('AmlAwaitJob', async (agent, publish) => {
  const inputs = readInputs(agent.inputs);
  const workspace = await openWorkspaceOf(agent, inputs);
  return awaitJobs({ agent, workspace }, inputs, publish);
});
