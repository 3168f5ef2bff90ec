// One step of a rollout, or its rollback. Contract: ./task.json. Logic: ../common/operations/shift-traffic.ts
import { runTask } from '../common/agent/run-task.ts';
import { openWorkspaceOf } from '../common/azure/workspace.ts';
import { shiftTraffic } from '../common/operations/shift-traffic.ts';
import { readInputs, type Outputs } from './task.gen.ts';

void runTask<Outputs>('AmlShiftTraffic', async (agent, publish) => {
  const inputs = readInputs(agent.inputs);
  const workspace = await openWorkspaceOf(agent, inputs);
  return shiftTraffic({ agent, workspace }, inputs, publish);
});
