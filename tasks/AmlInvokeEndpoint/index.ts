// Sends requests to an online endpoint, or has a batch endpoint score data. Contract: ./task.json. Logic: ../common/operations/invoke-endpoint.ts, ../common/operations/run-batch-job.ts
import { runTask } from '../common/agent/run-task.ts';
import { openWorkspaceOf } from '../common/azure/workspace.ts';
import { invokeEndpoint } from '../common/operations/invoke-endpoint.ts';
import { runBatchJob } from '../common/operations/run-batch-job.ts';
import { readInputs, type Outputs } from './task.gen.ts';

void runTask<Outputs>('AmlInvokeEndpoint', async (agent, publish) => {
  const inputs = readInputs(agent.inputs);
  const workspace = await openWorkspaceOf(agent, inputs);
  const context = { agent, workspace };
  if (inputs.endpointType === 'batch') return runBatchJob(context, inputs, publish);
  return invokeEndpoint(context, inputs, publish);
});
