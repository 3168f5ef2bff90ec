import assert from 'node:assert/strict';
import type { JsonObject } from '../../../tasks/common/domain/json.ts';
import { canonicalJson, differences } from '../../../tasks/common/domain/resource-difference.ts';
import { yamlData } from '../../../tasks/common/aml-yaml/yaml-data.ts';

describe('differences between a body and a resource', () => {
  const paths = (wanted: JsonObject, live: JsonObject): readonly string[] =>
    differences(wanted, live, yamlData).map(({ path }) => path);

  it('sees through what the service rewrites', () => {
    const wanted = {
      location: 'West Europe',
      tags: { a: '1' },
      properties: {
        authMode: 'amltoken',
        description: null,
        condaFile: 'name: x\ndependencies:\n- pip\n',
        dataUri: 'azureml://datastores/d/paths/LocalUpload/h/f',
        modelUri: 'azureml://subscriptions/s/resourcegroups/r/workspaces/w/datastores/d/paths/p/',
        count: 1,
        isAnonymous: false,
        inputs: {},
        tags: {},
        properties: { 'azdo.buildId': '2' },
      },
    };
    const live = {
      location: 'westeurope',
      tags: { a: '1' },
      properties: {
        authMode: 'AMLToken',
        description: null,
        condaFile: '{\n  "name": "x",\n  "dependencies": [\n    "pip"\n  ]\n}',
        dataUri: 'azureml://subscriptions/s/resourcegroups/r/workspaces/w/datastores/d/paths/LocalUpload/h/f/',
        modelUri: 'azureml://subscriptions/s/resourceGroups/r/workspaces/w/datastores/d/paths/p',
        count: '1',
        provisioningState: 'Succeeded',
        tags: {},
        properties: { 'azdo.buildId': '1', 'azureml.x': 'y' },
      },
    };
    assert.deepEqual(paths(wanted, live), []);
  });

  it('finds what is changed, added and removed, by its path', () => {
    const wanted = {
      tags: { a: '2', b: 'x' },
      properties: { instanceType: 'large', list: [1, 2], description: 'New' },
    };
    const live = { tags: { a: '1', c: 'y' }, properties: { instanceType: 'small', list: [1], description: 'new' } };
    assert.deepEqual(paths(wanted, live).toSorted(), [
      'properties.description',
      'properties.instanceType',
      'properties.list',
      'tags.a',
      'tags.b',
      'tags.c',
    ]);
  });

  it('tells components apart by the hash over their whole spec', () => {
    const component = (hash: string, command: string): JsonObject => ({
      properties: { properties: { client_component_hash: hash }, componentSpec: { command } },
    });
    assert.deepEqual(paths(component('h1', 'a'), component('h1', 'rewritten')), []);
    assert.deepEqual(paths(component('h2', 'a'), component('h1', 'b')), ['properties.componentSpec.command']);
  });

  it('looks for the description of a component in its spec, where alone the service keeps it', () => {
    const component = (description: string, beside: string | null): JsonObject => ({
      properties: { description: beside, componentSpec: { description } },
    });
    assert.deepEqual(paths(component('same', 'same'), component('same', null)), []);
    assert.deepEqual(paths(component('new', 'new'), component('old', null)), ['properties.componentSpec.description']);
  });

  it('finds what is changed of a compute, which keeps it where others keep their lineage', () => {
    const cluster = (maxNodeCount: number): JsonObject => ({
      properties: { computeType: 'AmlCompute', properties: { scaleSettings: { maxNodeCount } } },
    });
    assert.deepEqual(paths(cluster(4), cluster(2)), ['properties.properties.scaleSettings.maxNodeCount']);
    assert.deepEqual(paths({ properties: { properties: { 'azdo.buildId': '2' } } }, { properties: {} }), []);
  });

  it('tells of a secret that it differs, and no more', () => {
    const wanted = {
      properties: {
        target: 'https://new',
        computeType: 'any',
        credentials: { clientId: 'new', pat: 'pat-1', secrets: { key: 'key-1', sasToken: 'sas-1' } },
        properties: { userAccountCredentials: { adminUserPassword: 'password-1' }, adminPassword: 'password-2' },
      },
    };
    const live = {
      properties: {
        computeType: 'any',
        target: 'https://old',
        credentials: null,
        properties: { adminPassword: 'old-1' },
      },
    };
    const found = differences(wanted, live, yamlData);
    assert.doesNotMatch(JSON.stringify(found), /pat-1|key-1|sas-1|password-|old-1/);
    const texts = found.map(({ path, from, to }) => [path, from, to].map(String).join(' '));
    assert.ok(texts.includes('properties.target https://old https://new'), texts.join('\n'));
    assert.ok(texts.includes('properties.credentials.clientId undefined new'), texts.join('\n'));
    assert.ok(texts.includes('properties.credentials.pat undefined (secret)'), texts.join('\n'));
  });

  it('writes equal values as equal texts', () => {
    assert.equal(canonicalJson({ b: [1, { d: null, c: undefined }], a: 'x' }), '{"a":"x","b":[1,{"d":null}]}');
  });
});
