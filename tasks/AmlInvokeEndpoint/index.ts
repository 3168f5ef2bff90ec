// Sends requests to an online endpoint. Contract: ./task.json. Logic: ../common/operations/invoke-endpoint.ts
import { runTask } from '../common/agent/run-task.ts';
import { openWorkspaceOf } from '../common/azure/workspace.ts';
import { invokeEndpoint } from '../common/operations/invoke-endpoint.ts';
import { readInputs, type Outputs } from './task.gen.ts';

void runTask<Outputs>('AmlInvokeEndpoint', async (agent, publish) => {
  const inputs = readInputs(agent.inputs);
  const workspace = await openWorkspaceOf(agent, inputs);
  return invokeEndpoint({ agent, workspace }, inputs, publish);
});
