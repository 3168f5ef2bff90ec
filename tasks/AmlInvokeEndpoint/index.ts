// Sends requests to an online endpoint. Contract: ./task.json. Logic: ../common/operations/invoke-endpoint.ts
import { runTask } from '../common/agent/run-task.ts';
import { openWorkspace } from '../common/azure/workspace.ts';
import { invokeEndpoint } from '../common/operations/invoke-endpoint.ts';
import { readInputs, type Outputs } from './task.gen.ts';

void runTask<Outputs>('AmlInvokeEndpoint', async (agent, publish) => {
  const inputs = readInputs(agent.inputs);
  const workspace = await openWorkspace({
    agent,
    connection: agent.connection(inputs.azureSubscription),
    subscriptionId: inputs.subscriptionId,
    resourceGroup: inputs.resourceGroupName,
    workspace: inputs.workspaceName,
  });
  return invokeEndpoint({ agent, workspace }, inputs, publish);
});
