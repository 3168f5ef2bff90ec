import assert from 'node:assert/strict';
import { readEnvironment } from '../../../tasks/common/agent/environment.ts';
import { pipelineRun } from '../../../tasks/common/agent/pipeline-run.ts';

const build = {
  SYSTEM_COLLECTIONURI: 'https://dev.azure.com/contoso/',
  SYSTEM_TEAMPROJECT: 'Risk Models',
  SYSTEM_TEAMPROJECTID: 'p-1',
  SYSTEM_DEFINITIONID: '7',
  BUILD_DEFINITIONNAME: 'train',
  BUILD_BUILDID: '42',
  SYSTEM_STAGENAME: 'Train',
  SYSTEM_PHASENAME: 'train',
  SYSTEM_JOBNAME: '__default',
  SYSTEM_TASKINSTANCENAME: 'run',
  BUILD_REPOSITORY_NAME: 'models',
  BUILD_REPOSITORY_URI: 'https://user:pat@dev.azure.com/contoso/_git/models',
  BUILD_SOURCEBRANCH: 'refs/heads/main',
  BUILD_SOURCEVERSION: 'abc',
  BUILD_REQUESTEDFOR: 'Ada',
  BUILD_SOURCESDIRECTORY: '/s',
  AGENT_TEMPDIRECTORY: '/temp',
};

describe('the pipeline run', () => {
  it('is read from the predefined variables', () => {
    assert.deepEqual(pipelineRun(readEnvironment({ ...build })), {
      collectionUri: 'https://dev.azure.com/contoso/',
      projectId: 'p-1',
      projectName: 'Risk Models',
      definitionId: '7',
      definitionName: 'train',
      buildId: '42',
      buildUrl: 'https://dev.azure.com/contoso/Risk%20Models/_build/results?buildId=42',
      stageName: 'Train',
      jobName: 'train',
      jobLeg: '',
      taskInstanceName: 'run',
      repository: 'models',
      repositoryUri: 'https://dev.azure.com/contoso/_git/models',
      sourceBranch: 'refs/heads/main',
      sourceVersion: 'abc',
      requestedFor: 'Ada',
      sourcesDirectory: '/s',
      tempDirectory: '/temp',
    });
  });

  it('tells the legs of a matrix and the slices of a job apart', () => {
    const leg = (variables: Record<string, string>): string =>
      pipelineRun(readEnvironment({ ...build, ...variables })).jobLeg;
    assert.equal(leg({ SYSTEM_JOBNAME: 'gpu' }), 'gpu');
    assert.equal(leg({ SYSTEM_JOBNAME: 'train' }), '');
    assert.equal(leg({ SYSTEM_TOTALJOBSINPHASE: '4', SYSTEM_JOBPOSITIONINPHASE: '3' }), '3');
    assert.equal(leg({ SYSTEM_TOTALJOBSINPHASE: '1', SYSTEM_JOBPOSITIONINPHASE: '1' }), '');
  });

  it('has no page outside a build', () => {
    const run = pipelineRun(readEnvironment({ SYSTEM_DEFAULTWORKINGDIRECTORY: '/w' }));
    assert.equal(run.buildUrl, undefined);
    assert.equal(run.repositoryUri, undefined);
    assert.equal(run.sourcesDirectory, '/w');
    assert.notEqual(run.tempDirectory, '');
  });
});
