// Registers a model with its lineage. Contract: ./task.json. Logic: ../common/operations/register-model.ts
import { runTask } from '../common/agent/run-task.ts';
import { openWorkspaceOf } from '../common/azure/workspace.ts';
import { registerModel } from '../common/operations/register-model.ts';
import { readInputs, type Outputs } from './task.gen.ts';

void runTask<Outputs>('AmlRegisterModel', async (agent) => {
  const inputs = readInputs(agent.inputs);
  const workspace = await openWorkspaceOf(agent, inputs);
  return registerModel({ agent, workspace }, inputs);
});
