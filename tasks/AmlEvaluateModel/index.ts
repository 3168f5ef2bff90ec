// Compares a candidate with the champion. Contract: ./task.json. Logic: ../common/operations/evaluate-model.ts
import { runTask } from '../common/agent/run-task.ts';
import { openRegistry, openWorkspaceOf } from '../common/azure/workspace.ts';
import { evaluateModel } from '../common/operations/evaluate-model.ts';
import { readInputs, type Outputs } from './task.gen.ts';

void runTask<Outputs>('AmlEvaluateModel', async (agent, publish) => {
  const inputs = readInputs(agent.inputs);
  const workspace = await openWorkspaceOf(agent, inputs);
  const registry = (name: string) => openRegistry(agent, inputs.azureSubscription, name);
  return evaluateModel({ agent, workspace, openRegistry: registry }, inputs, publish);
});
