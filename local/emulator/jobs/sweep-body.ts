/** The members that only a sweep job has, as the Resource Manager answers them (recorded: sweep_job/create_201_get_running). */
import { asObject, isJsonObject, textAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { JobRecord } from './records.ts';

/** @param workspace ARM id, for the environment's short form */
export function sweepMembers({ body }: JobRecord, workspace: string): JsonObject {
  const sampling = asObject(body.samplingAlgorithm);
  const type = textAt(sampling, 'samplingAlgorithmType') ?? 'Random';
  const isRandom = type.toLowerCase() === 'random';
  return {
    jobType: 'Sweep',
    searchSpace: asObject(body.searchSpace),
    samplingAlgorithm: {
      samplingAlgorithmType: capital(type),
      ...(isRandom && {
        seed: sampling.seed ?? null,
        logbase: sampling.logbase ?? null,
        rule: sampling.rule ?? 'Random',
      }),
    },
    limits: limits(asObject(body.limits)),
    earlyTermination: body.earlyTermination ?? null,
    objective: {
      primaryMetric: textAt(body, 'objective', 'primaryMetric') ?? null,
      goal: capital(textAt(body, 'objective', 'goal') ?? ''),
    },
    trial: trial(asObject(body.trial), workspace),
  };
}

function limits(asked: JsonObject): JsonObject {
  return {
    timeout: asked.timeout ?? null,
    jobLimitsType: 'Sweep',
    maxTotalTrials: asked.maxTotalTrials ?? null,
    maxConcurrentTrials: asked.maxConcurrentTrials ?? null,
    trialTimeout: asked.trialTimeout ?? null,
  };
}

function trial(asked: JsonObject, workspace: string): JsonObject {
  const own = asObject(asked.resources);
  return {
    codeId: asked.codeId ?? null,
    command: asked.command ?? null,
    environmentId: longEnvironment(textAt(asked, 'environmentId'), workspace),
    environmentVariables: asObject(asked.environmentVariables),
    distribution: isJsonObject(asked.distribution) ? asked.distribution : null,
    resources: {
      instanceCount: own.instanceCount ?? 1,
      maxInstanceCount: own.maxInstanceCount ?? null,
      instanceType: own.instanceType ?? null,
      locations: own.locations ?? null,
      properties: own.properties ?? null,
      dockerArgs: own.dockerArgs ?? null,
    },
  };
}

/** `azureml:name:version` comes back as an ARM id. */
function longEnvironment(id: string | undefined, workspace: string): string | null {
  const [, name, version] = /^azureml:([^:/]+):([^:/]+)$/.exec(id ?? '') ?? [];
  if (name === undefined || version === undefined) return id ?? null;
  return `${workspace}/environments/${name}/versions/${version}`;
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
