import assert from 'node:assert/strict';
import { planFile, type PlanRequest } from '../../../tasks/common/aml-yaml/plan-file.ts';
import { UserError, type Problem } from '../../../tasks/common/errors.ts';
import { memoryFiles, type Tree } from './memory-files.ts';

const WORKSPACE = { subscriptionId: 's', resourceGroup: 'rg', name: 'ws' };
const ROOT = '/subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws';

function request(text: string, tree: Tree = {}, more: Partial<PlanRequest> = {}): PlanRequest {
  return {
    file: 'aml/job.yml',
    absolutePath: '/sources/aml/job.yml',
    files: memoryFiles({ '/sources/aml/job.yml': text, ...tree }),
    workspace: WORKSPACE,
    sourcesDirectory: '/sources',
    job: { name: 'generated' },
    ...more,
  };
}

async function problems(text: string, tree: Tree = {}, more: Partial<PlanRequest> = {}): Promise<readonly Problem[]> {
  try {
    await planFile(request(text, tree, more));
  } catch (error) {
    if (error instanceof UserError) return error.problems;
    throw error;
  }
  return [];
}

async function body(text: string, tree: Tree = {}, more: Partial<PlanRequest> = {}): Promise<Record<string, unknown>> {
  const plan = await planFile(request(text, tree, more));
  return plan.main.body.properties as Record<string, unknown>;
}

const COMMAND = 'command: echo\nenvironment: azureml:e:1\n';

describe('errors of a plan', () => {
  it('finds everything at once, in the order of the file, each at its place', async () => {
    const found = await problems(
      'type: command\nenvironment: myenv\ntags: {P: 8080}\ncomands: echo\nlimits: {timeout: soon}\ncode: ./nope\n',
    );
    assert.deepEqual(
      found.map(({ file, line, column }) => [file, line, column]),
      [
        ['aml/job.yml', 2, 14],
        ['aml/job.yml', 3, 11],
        ['aml/job.yml', 4, 1],
        ['aml/job.yml', 5, 19],
        ['aml/job.yml', 6, 7],
      ],
    );
    const text = found.map(({ message }) => message).join('\n');
    assert.match(text, /'tags\.P' must be a text .*not the number 8080/);
    assert.match(text, /Unknown field 'comands'\. Did you mean 'command'\?/);
    assert.match(text, /'limits\.timeout' must be a whole number, not the text 'soon'/);
    assert.match(text, /The code '\.\/nope' does not exist/);
  });

  it('tells a wrong name of a job with everything else', async () => {
    const found = await problems('type: command\nname: my job\nenvironment: azureml:e\ncommand: 3\n');
    assert.deepEqual(
      found.map(({ line, column }) => [line, column]),
      [
        [2, 7],
        [3, 14],
        [4, 10],
      ],
    );
    assert.match(found[0]?.message ?? '', /'my job' is not a name for a job/);
  });

  it('reports a misspelt key once, not as missing as well', async () => {
    for (const text of ['type: command\ncomand: echo\nenvironment: azureml:e:1\n', 'nmae: e\nimage: ubuntu\n']) {
      const found = await problems(text);
      assert.equal(found.length, 1, found.map(({ message }) => message).join('\n'));
      assert.match(found[0]?.message ?? '', /Did you mean '(command|name)'\?/);
    }
  });

  it('keeps the lines of the file’s keys for what turns out to be wrong later', async () => {
    const { keyLines } = await planFile(
      request(`${COMMAND}compute: c\n`, {}, { overrides: [{ path: 'name', value: 'n' }] }),
    );
    assert.deepEqual(keyLines, { command: 1, environment: 2, compute: 3 });
  });

  it('names allowed values and the nearest one', async () => {
    const [problem] = await problems(`${COMMAND}identity: {type: user_identiy}\n`);
    assert.match(problem?.message ?? '', /'user_identiy'\. Did you mean 'user_identity'\? Allowed: managed/);
  });

  it('reports an empty field', async () => {
    const [problem] = await problems(`${COMMAND}compute:\n`);
    assert.match(problem?.message ?? '', /'compute' is empty/);
  });

  it('reports problems of a component in the component’s own file', async () => {
    const found = await problems(
      'type: pipeline\njobs:\n  a:\n    component: parts/train.yml\n    compute: azureml:c\n',
      {
        '/sources/aml/parts/train.yml':
          'name: train\ncommand: echo\nenvironment: azureml:e:1\ncode: ../nowhere\nmode: x\n',
      },
    );
    assert.deepEqual(
      found.map(({ file, line, column }) => `${file ?? ''}:${line ?? 0}:${column ?? 0}`),
      ['aml/parts/train.yml:4:7', 'aml/parts/train.yml:5:1'],
    );
  });

  it('says which override is wrong', async () => {
    const [problem] = await problems(COMMAND, {}, { overrides: [{ path: 'limits.timeout', value: 'abc' }] });
    assert.match(problem?.message ?? '', /override limits\.timeout: .*must be a whole number/);
  });

  it('never repeats a secret', async () => {
    const text = 'type: azure_blob\nname: n\naccount_name: a\ncontainer_name: c\ncredentials: {account_key: 123456}\n';
    const found = await problems(text, {}, { kind: 'datastore' });
    assert.equal(found.length, 1);
    assert.doesNotMatch(found[0]?.message ?? '', /123456/);
  });

  it('refuses dates as inputs', async () => {
    const [problem] = await problems(`${COMMAND}inputs: {d: 2023-01-12}\n`);
    assert.match(problem?.message ?? '', /'inputs\.d' must be .*not the date 2023-01-12 \(quote it/);
  });

  it('refuses references that cannot be resolved', async () => {
    const found = await problems(
      `${COMMAND}inputs:\n  a: {path: "azureml:data@stable"}\n  b: {path: azureml:data}\n`.replace(
        'azureml:e:1',
        'azureml:e',
      ),
    );
    assert.equal(found.length, 3);
    assert.match(found.map(({ message }) => message).join('\n'), /'azureml:e' has no version[^]*label 'stable'/);
  });
});

describe('kinds of files', () => {
  it('is told by schema, type or keys', async () => {
    const kinds: readonly (readonly [string, string])[] = [
      ['$schema: https://x/latest/environment.schema.json\nname: e\nimage: i\n', 'environment'],
      ['type: uri_file\nname: d\npath: https://h/p\n', 'data'],
      ['type: mlflow_model\nname: m\npath: runs:/r/m\n', 'model'],
      ['name: blue\nendpoint_name: ep\ninstance_type: t\n', 'onlineDeployment'],
      ['name: endpoint\nauth_mode: key\n', 'onlineEndpoint'],
      [COMMAND, 'job'],
      ['name: c\nversion: 1\ntype: command\ncommand: x\nenvironment: azureml:e:1\n', 'component'],
    ];
    for (const [text, kind] of kinds) assert.equal((await planFile(request(text))).kind, kind, text);
  });

  it('refuses what it does not support, and what is not expected, with one sentence', async () => {
    const [parallel] = await problems('type: parallel\nname: p\n');
    assert.match(parallel?.message ?? '', /a parallel job, which is not supported/);
    assert.equal(parallel?.line, 1);
    const [node] = await problems('type: pipeline\njobs: {a: {type: import}}\n');
    assert.match(node?.message ?? '', /'import': nodes of this type are not supported\. Supported are command/);
    const [unexpected] = await problems(COMMAND, {}, { kind: ['model', 'data'] });
    assert.match(unexpected?.message ?? '', /a command job, but a model or a data asset is expected/);
    const [unknown] = await problems('type: commandx\ncommand: x\n');
    assert.match(unknown?.message ?? '', /'commandx' is no known type/);
    const [unclear] = await problems('a: 1\n');
    assert.match(unclear?.message ?? '', /unclear/);
  });

  it('refuses a file that is missing or no mapping', async () => {
    const [missing] = await problems('', {}, { absolutePath: '/sources/none.yml', file: 'none.yml' });
    assert.match(missing?.message ?? '', /'none\.yml' does not exist/);
    const [list] = await problems('- a\n');
    assert.match(list?.message ?? '', /must hold a mapping/);
  });
});

describe('files outside of the sources', () => {
  const outside: Tree = { '/elsewhere/secret.py': 'x', '/sources/aml/linked': { linkTo: '/elsewhere' } };

  it('are refused, also behind a link', async () => {
    for (const code of ['../../elsewhere', './linked', '/elsewhere']) {
      const [problem] = await problems(`${COMMAND}code: ${code}\n`, outside);
      assert.match(problem?.message ?? '', /outside of the sources/, code);
      assert.equal(problem?.line, 3);
    }
  });

  it('are refused where a link inside of the folder leads there', async () => {
    const tree = {
      '/elsewhere/a': 'x',
      '/sources/aml/src/a.py': 'y',
      '/sources/aml/src/b': { linkTo: '/elsewhere/a' },
    };
    const [problem] = await problems(`${COMMAND}code: src\n`, tree);
    assert.match(problem?.message ?? '', /The link '\/sources\/aml\/src\/b' leads to \/elsewhere\/a/);
  });

  it('are taken where that is allowed', async () => {
    const plan = await planFile(request(`${COMMAND}code: linked\n`, outside, { allowPathsOutsideSources: true }));
    const [upload] = plan.steps;
    assert.ok(upload?.do === 'uploadCode');
    assert.deepEqual(upload.source.files, [{ path: '/elsewhere/secret.py', name: 'secret.py', size: 1 }]);
    assert.equal(upload.source.basename, 'elsewhere');
  });

  it('are refused as the file itself', async () => {
    const tree: Tree = { '/elsewhere/job.yml': COMMAND };
    const [problem] = await problems('', tree, { absolutePath: '/elsewhere/job.yml', file: '../job.yml' });
    assert.match(problem?.message ?? '', /outside of the sources/);
  });
});

describe('a job', () => {
  it('gets name, experiment, properties and tags from the run where the file has none', async () => {
    const job = {
      name: 'run-1',
      experimentName: 'nightly',
      properties: { 'mlflow.source.git.commit': 'abc', 'azdo.buildId': '7' },
      tags: { 'azdo.submission': 'id' },
    };
    const own = await body(`${COMMAND}tags: {a: b}\n`, {}, { job });
    assert.deepEqual(
      [own.displayName, own.experimentName, own.properties, own.tags],
      ['run-1', 'nightly', job.properties, { a: 'b', 'azdo.submission': 'id' }],
    );
    const given = await body(
      `${COMMAND}experiment_name: mine\ndisplay_name: D\nproperties: {azureml.git.dirty: "False"}\n`,
      {},
      { job },
    );
    assert.deepEqual(
      [given.displayName, given.experimentName, given.properties],
      ['D', 'mine', { 'azureml.git.dirty': 'False', 'azdo.buildId': '7' }],
    );
  });

  it('keeps the name the user gives', async () => {
    const plan = await planFile(request(COMMAND, {}, { overrides: [{ path: 'name', value: 'mine' }] }));
    assert.equal(plan.main.name, 'mine');
  });

  it('is written with the user’s token where it runs as the user', async () => {
    assert.equal((await planFile(request(COMMAND))).main.withUserToken, undefined);
    assert.equal((await planFile(request(`${COMMAND}identity: {type: user_identity}\n`))).main.withUserToken, true);
  });

  it('rewrites the old spelling of references, with a warning, and keeps other braces', async () => {
    const text = 'command: echo {inputs.a} ${{inputs.a}} {other} ${inputs}\nenvironment: azureml:e:1\ninputs: {a: 1}\n';
    const plan = await planFile(request(text));
    assert.equal((await body(text)).command, 'echo ${{inputs.a}} ${{inputs.a}} {other} ${inputs}');
    assert.equal(plan.warnings.length, 1);
  });

  it('resolves compute and latest assets', async () => {
    const plan = await planFile(request(`command: x\nenvironment: azureml:e@latest\ncompute: azureml:a:b\n`));
    const properties = plan.main.body.properties as Record<string, unknown>;
    assert.equal(properties.computeId, `${ROOT}/computes/a:b`);
    assert.deepEqual(plan.steps[0], {
      do: 'resolveLatest',
      key: 'latest:environments/e',
      collection: 'environments',
      name: 'e',
    });
    assert.deepEqual(properties.environmentId, { $step: 'latest:environments/e', $field: 'id' });
  });

  it('uses the agent itself for compute: local', async () => {
    const local = await body(`${COMMAND}compute: local\n`);
    assert.equal(local.computeId, undefined);
    assert.deepEqual(local.environmentVariables, { AZUREML_COMPUTE_USE_COMMON_RUNTIME: 'true' });
  });

  it('uploads equal data once', async () => {
    const text = `${COMMAND}inputs:\n  a: {path: ./d}\n  b: {path: ./copy/d}\n`;
    const plan = await planFile(request(text, { '/sources/aml/d/x': '1', '/sources/aml/copy/d/x': '1' }));
    assert.equal(plan.steps.filter((step) => step.do === 'uploadData').length, 1);
  });
});

describe('a pipeline', () => {
  const node = (more: string): string =>
    `type: pipeline\ncompute: azureml:c\njobs:\n  a:\n    command: echo\n    environment: azureml:e:1\n${more}`;

  it('requires the computes it names before anything is uploaded', async () => {
    const plan = await planFile(request(node('    compute: azureml:gpu\n')));
    assert.deepEqual(
      plan.steps.flatMap((step) => (step.do === 'require' ? [step.path] : [])),
      ['computes/c', 'computes/gpu'],
    );
    assert.equal(plan.steps.at(-1), plan.main);
  });

  it('refuses bindings that lead nowhere, and the old spelling', async () => {
    const found = await problems(
      node(
        '    inputs: {a: "${{parent.inputs.nope}}", b: "${{parent.jobs.z.outputs.o}}", c: "${{inputs.x}}"}\n' +
          '    outputs: {o: "${{parent.outputs.nope}}"}\n',
      ),
    );
    assert.deepEqual(
      found.map(({ message }) => message.replace(/ (It has|Did you).*$/, '')),
      [
        '${{parent.inputs.nope}} leads nowhere: the pipeline has no such input.',
        '${{parent.jobs.z.outputs.o}} leads nowhere: the pipeline has no such node.',
        '${{inputs.x}} is the old spelling of a binding; write ${{parent.inputs.x}}.',
        '${{parent.outputs.nope}} leads nowhere: the pipeline has no such output.',
      ],
    );
  });

  it('needs a compute target and every required input', async () => {
    const found = await problems('type: pipeline\njobs:\n  a:\n    component: c.yml\n', {
      '/sources/aml/c.yml':
        'command: x\nenvironment: azureml:e:1\ninputs: {data: {type: uri_folder}, k: {type: integer, default: 1}}\n',
    });
    assert.match(
      found.map(({ message }) => message).join('\n'),
      /'jobs\.a\.inputs\.data' is missing[^]*'jobs\.a\.compute' is missing/,
    );
    assert.equal(found.length, 2);
  });

  it('refuses an unknown field of an inline node and keeps one beside a component', async () => {
    const [problem] = await problems(node('    bogus: 1\n'));
    assert.match(problem?.message ?? '', /Unknown field 'bogus' of 'jobs\.a'/);
    const jobs = (await body('type: pipeline\ncompute: c\njobs:\n  a: {component: "azureml:x:1", bogus: {x: 1}}\n'))
      .jobs;
    assert.deepEqual((jobs as Record<string, Record<string, unknown>>).a?.bogus, { x: 1 });
  });

  it('registers equal components once', async () => {
    const plan = await planFile(request(`${node('')}  b:\n    command: echo\n    environment: azureml:e:1\n`));
    assert.equal(plan.steps.filter((step) => step.do === 'put' && step.collection === 'components').length, 1);
  });

  it('hashes what differs from what is sent apart: local data of a component’s node by its content', async () => {
    const plan = await planFile(
      request('type: pipeline\ncomponent: p.yml\ncompute: c\n', {
        '/sources/aml/p.yml':
          'type: pipeline\njobs:\n  a: {component: "azureml:x:1", inputs: {d: {type: uri_folder, path: ./d}}}\n',
        '/sources/aml/d/x': '1',
      }),
    );
    const put = plan.steps.find((step) => step.do === 'put' && step.collection === 'components');
    assert.ok(put?.do === 'put');
    assert.match(JSON.stringify(put.hashedSpec), /"content_hash":"[0-9a-f]{64}"/);
    assert.doesNotMatch(JSON.stringify(put.body), /content_hash/);
  });

  it('sends a registered component’s id whole', async () => {
    const text = 'type: pipeline\ncomponent: azureml:p:1\n';
    assert.equal((await body(text)).componentId, `${ROOT}/components/p/versions/1`);
    assert.equal((await body(text, {}, { likeAzureAiMl: true })).componentId, 'p:1');
  });
});

describe('additional includes', () => {
  const component = (includes: string): string =>
    `$schema: https://x/commandComponent.schema.json\nname: c\n${COMMAND}code: ./src\nadditional_includes: ${includes}\n`;
  const tree = { '/sources/aml/src/a.py': 'a', '/sources/aml/lib/b.py': 'b', '/sources/aml/one.txt': '1' };

  it('are put beside the code, each under its own name', async () => {
    const plan = await planFile(request(component('[./lib, one.txt]'), tree));
    const upload = plan.steps.find((step) => step.do === 'uploadCode');
    assert.deepEqual(
      upload?.source.files.map(({ name }) => name),
      ['a.py', 'lib/b.py', 'one.txt'],
    );
  });

  it('are refused with what to do instead where they are to be zipped or downloaded', async () => {
    const found = await problems(component('[./lib.zip, {type: artifact, feed: f, name: n}]'), tree);
    const text = found.map(({ message }) => message).join('\n');
    assert.match(text, /'\.\/lib\.zip' is to be made of the folder beside it.*ArchiveFiles@2.*'\.\/lib'/);
    assert.match(text, /package of Azure Artifacts.*UniversalPackages@0/);
  });

  it('are refused where the code has such a file already', async () => {
    const found = await problems(component('[a.py]'), { ...tree, '/sources/aml/a.py': 'other' });
    assert.match(found[0]?.message ?? '', /'a\.py' brings a\.py, which the code already has/);
  });
});

describe('a deployment', () => {
  const DEPLOYMENT = 'name: blue\nendpoint_name: ep\nmodel: azureml:m:1\n';

  it('requires its endpoint and carries lineage', async () => {
    const plan = await planFile(request(DEPLOYMENT, {}, { lineage: { 'azdo.buildId': '7' } }));
    assert.deepEqual(
      plan.steps.map((step) => step.do),
      ['require', 'put'],
    );
    assert.deepEqual((plan.main.body.properties as Record<string, unknown>).properties, { 'azdo.buildId': '7' });
  });

  it('refuses names, scale settings and scripts that the service would refuse later', async () => {
    const found = await problems(
      `${DEPLOYMENT.replace('blue', 'b')}scale_settings: {type: target_utilization}\ncode_configuration: {code: s, scoring_script: nope.py}\n`,
      { '/sources/aml/s/score.py': 'x' },
    );
    assert.match(
      found.map(({ message }) => message).join('\n'),
      /'b' is no valid deployment name[^]*only the scale settings of type default[^]*'nope\.py' is not among/,
    );
  });
});

describe('a model', () => {
  it('of type mlflow_model cannot be a file', async () => {
    const [problem] = await problems('type: mlflow_model\nname: m\npath: model.pkl\n', {
      '/sources/aml/model.pkl': 'x',
    });
    assert.match(problem?.message ?? '', /looks like a file/);
  });

  it('cannot be a reference to another one', async () => {
    const [problem] = await problems('type: custom_model\nname: m\npath: azureml:other:1\n');
    assert.match(problem?.message ?? '', /cannot be the path of a model/);
  });
});
