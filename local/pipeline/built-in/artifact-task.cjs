// Publishes and downloads artifacts of a run as folders. Has no packages: it is copied.
'use strict';
const { cpSync, existsSync, mkdirSync, readdirSync, statSync } = require('node:fs');
const { basename, dirname, join } = require('node:path');
const task = require('./task.json');

const input = (name) => process.env[`INPUT_${name.toUpperCase()}`] ?? '';
const escape = (text) => text.replaceAll('%', '%AZP25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
/** Where the artifacts of the run are; the local pipeline tells. */
const artifacts = process.env.LOCAL_PIPELINE_ARTIFACTS;

function publish() {
  const source = input('targetPath');
  const name = input('artifactName') || `${process.env.SYSTEM_STAGENAME}.${process.env.SYSTEM_JOBNAME}`;
  if (/["<>|:*?\\/]/.test(name) || /^\.*$/.test(name)) throw new Error(`Artifact name is not valid: ${name}.`);
  if (!existsSync(source)) throw new Error(`Path does not exist: ${source}`);
  const target = join(artifacts, name);
  if (existsSync(target)) throw new Error(`Artifact ${name} already exists for this run.`);
  mkdirSync(target, { recursive: true });
  if (statSync(source).isFile()) cpSync(source, join(target, basename(source)));
  else cpSync(source, target, { recursive: true });
  console.log(`Published ${filesOf(target).length} files as the artifact ${name}.`);
}

function download() {
  const wanted = input('artifactName');
  const names = existsSync(artifacts) ? readdirSync(artifacts).sort() : [];
  if (wanted !== '' && !names.includes(wanted)) {
    throw new Error(`Artifact ${wanted} was not found for this run. There are: ${names.join(', ') || 'none'}.`);
  }
  const isWanted = matcher(input('itemPattern') || '**');
  for (const name of wanted === '' ? names : [wanted]) {
    const target = wanted === '' ? join(input('targetPath'), name) : input('targetPath');
    const files = filesOf(join(artifacts, name)).filter((file) => isWanted(wanted === '' ? `${name}/${file}` : file));
    for (const file of files) {
      mkdirSync(dirname(join(target, file)), { recursive: true });
      cpSync(join(artifacts, name, file), join(target, file));
    }
    console.log(`Downloaded ${files.length} files of the artifact ${name} to ${target}.`);
  }
  if (wanted === '' && names.length === 0) console.log('This run has published no artifacts.');
}

function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

/** One pattern a line; the last that fits decides, `!` takes away. */
function matcher(patterns) {
  const rules = patterns
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => ({ keep: !line.startsWith('!'), pattern: toRegExp(line.replace(/^!/, '')) }));
  return (file) => rules.reduce((kept, { keep, pattern }) => (pattern.test(file) ? keep : kept), false);
}

function toRegExp(glob) {
  const source = glob.replaceAll(/\*\*\/|\*\*|\*|\?|[.+^${}()|[\]\\]/g, (part) => {
    if (part === '**/') return '(?:.*/)?';
    if (part === '**') return '.*';
    if (part === '*') return '[^/]*';
    return part === '?' ? '[^/]' : `\\${part}`;
  });
  return new RegExp(`^${source}$`);
}

try {
  if (task.name === 'PublishPipelineArtifact') publish();
  else download();
} catch (error) {
  console.log(`##vso[task.logissue type=error]${escape(error.message)}`);
  console.log('##vso[task.complete result=Failed]');
}
