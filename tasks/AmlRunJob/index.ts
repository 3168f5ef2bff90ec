// Submits a job and waits for its true end. Contract: ./task.json. Logic: ../common/operations/run-job.ts
import { runTask } from '../common/agent/run-task.ts';
import { openRegistry, openWorkspaceOf } from '../common/azure/workspace.ts';
import { checkSource } from '../common/operations/job-source.ts';
import { runJob } from '../common/operations/run-job.ts';
import { validateJob } from '../common/operations/validate-job.ts';
import { readInputs, type Outputs } from './task.gen.ts';

void runTask<Outputs>('AmlRunJob', async (agent, publish) => {
  const inputs = readInputs(agent.inputs);
  checkSource(inputs);
  if (inputs.mode === 'validate') return validateJob(agent, inputs);
  const workspace = await openWorkspaceOf(agent, inputs);
  const registry = (name: string) => openRegistry(agent, inputs.azureSubscription, name);
  return runJob({ agent, workspace, openRegistry: registry }, inputs, publish);
});
