// node slice.mjs FOLDER OUTPUT: the part of GitHub's own OpenAPI document that rolecall may use, with all it refers to.
//
// prism needs half a minute for the whole document, and a request that is not in this part is a finding: every path that
// rolecall calls has to be listed here. GraphQL is not described by it and is added.
import fs from 'node:fs';

const [folder, output] = process.argv.slice(2);
const document = JSON.parse(
  fs.readFileSync(`${folder}/node_modules/@octokit/openapi/generated/api.github.com.json`, 'utf8'),
);
const paths = ['/user'].concat(
  [
    '',
    '/pulls',
    '/pulls/{pull_number}',
    '/commits/{commit_sha}/pulls',
    '/issues',
    '/issues/{issue_number}',
    '/issues/{issue_number}/comments',
    '/issues/{issue_number}/labels',
    '/issues/comments/{comment_id}',
    '/labels',
    '/actions/artifacts',
    '/actions/artifacts/{artifact_id}/{archive_format}',
    '/actions/runs',
    '/actions/runs/{run_id}',
    '/actions/runs/{run_id}/artifacts',
    '/git/ref/{ref}',
    '/git/refs',
    '/git/refs/{ref}',
  ].map((path) => `/repos/{owner}/{repo}${path}`),
);
const slice = { openapi: document.openapi, info: document.info, servers: [{ url: 'http://127.0.0.1' }], paths: {}, components: {} };
const seen = new Set();
function walk(value) {
  if (!value || typeof value !== 'object') return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === '$ref' && typeof inner === 'string' && inner.startsWith('#/components/')) {
      if (seen.has(inner)) continue;
      seen.add(inner);
      const [, , kind, name] = inner.split('/');
      (slice.components[kind] ??= {})[name] = document.components[kind][name];
      walk(document.components[kind][name]);
    } else walk(inner);
  }
}
for (const path of paths) {
  if (!document.paths[path]) throw new Error(`GitHub describes no ${path}`);
  slice.paths[path] = document.paths[path];
}
walk(slice.paths);
slice.paths['/graphql'] = {
  post: {
    operationId: 'graphql',
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: {
            type: 'object',
            required: ['query'],
            additionalProperties: false,
            properties: { query: { type: 'string' }, variables: { type: 'object' }, operationName: { type: 'string' } },
          },
        },
      },
    },
    responses: { 200: { description: 'Data or errors', content: { 'application/json': { schema: { type: 'object' } } } } },
  },
};
fs.writeFileSync(output, JSON.stringify(slice));
