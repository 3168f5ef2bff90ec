import assert from 'node:assert/strict';
import { hasEnded, jobState } from '../../../tasks/common/domain/job-states.ts';

describe('job states', () => {
  it('takes Completed alone for success', () => {
    const states = ['NotStarted', 'Starting', 'Provisioning', 'Preparing', 'Queued', 'Running', 'Finalizing'];
    const others = ['CancelRequested', 'Canceled', 'Failed', 'NotResponding', 'Paused', 'Unknown', 'Scheduled', ''];
    assert.equal(jobState('Completed').succeeded, true);
    for (const state of [...states, ...others]) assert.equal(jobState(state).succeeded, false, state);
  });

  it('ends with Completed, Failed and Canceled, and with nothing else', () => {
    assert.deepEqual(['Completed', 'Failed', 'Canceled'].map(hasEnded), [true, true, true]);
    const others = ['NotResponding', 'Paused', 'CancelRequested', 'Finalizing', 'Unknown', 'Archived'];
    assert.deepEqual(
      others.map(hasEnded),
      others.map(() => false),
    );
  });

  it('waits on a state nobody knows, with a note that names it', () => {
    const state = jobState('Hibernating');
    assert.equal(state.phase, 'running');
    assert.match(state.note ?? '', /'Hibernating'/);
  });

  it('says what Paused and NotResponding mean', () => {
    assert.match(jobState('Paused').note ?? '', /paused/);
    assert.match(jobState('NotResponding').note ?? '', /hears nothing/);
  });
});
