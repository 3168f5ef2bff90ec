import assert from 'node:assert/strict';
import { createArm } from '../../../tasks/common/azure/arm.ts';
import type { HttpAnswer, Sender } from '../../../tasks/common/azure/http-pipeline.ts';
import { virtualClock } from '../../fixtures/azure/virtual-clock.ts';

const ARM = 'https://management.azure.com';
const GROUP = '/subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices';
const REGISTRY = `${ARM}${GROUP}/registries/shared?api-version=2022-10-01-preview`;
const STATUS = `${ARM}/subscriptions/s/providers/Microsoft.MachineLearningServices/locations/westeurope/registryOperationsStatus/1`;

function answer(status: number, body?: unknown, headers: Record<string, string> = {}): HttpAnswer {
  return { status, headers, text: body === undefined ? '' : JSON.stringify(body) };
}

/** Answers each `METHOD URL` from a script, in order; the last answer stays. */
function service(script: Record<string, HttpAnswer[]>): { readonly sender: Sender; readonly asked: string[] } {
  const asked: string[] = [];
  const sender: Sender = {
    send: ({ method, url }) => {
      const call = `${method} ${url}`;
      asked.push(call);
      const answers = script[call] ?? [];
      const next = answers.length > 1 ? answers.shift() : answers[0];
      return next === undefined ? Promise.reject(new Error(`unexpected ${call}`)) : Promise.resolve(next);
    },
    stream: () => Promise.reject(new Error('not used')),
  };
  return { sender, asked };
}

describe('a resource beside the workspace', () => {
  it('is written in the resource group and followed to its end, though the first answer is empty', async () => {
    const live = { name: 'shared', location: 'westeurope', properties: {} };
    const { sender, asked } = service({
      [`PUT ${REGISTRY}`]: [
        answer(202, undefined, {
          'azure-asyncoperation': `${STATUS}?type=async`,
          location: `${STATUS}?type=location`,
        }),
      ],
      [`GET ${STATUS}?type=async`]: [
        answer(200, { status: 'InProgress' }),
        answer(200, { status: 'Succeeded', percentComplete: 100 }),
      ],
      [`GET ${REGISTRY}`]: [answer(200, live)],
    });
    const arm = createArm({
      id: { subscriptionId: 's', resourceGroup: 'rg', name: 'ws' },
      resourceManagerUrl: ARM,
      sender,
      clock: virtualClock(),
      userToken: () => Promise.resolve('token'),
    });
    const written = await arm.put('registries/shared', { location: 'westeurope' }, { scope: 'resourceGroup' });
    assert.deepEqual(written, live);
    assert.deepEqual(asked, [
      `PUT ${REGISTRY}`,
      `GET ${STATUS}?type=async`,
      `GET ${STATUS}?type=async`,
      `GET ${REGISTRY}`,
    ]);
    assert.deepEqual(await arm.get('registries/shared', { scope: 'resourceGroup' }), live);
  });
});
