/** The Dockerfile and compose.yaml of this repository, held to their laws; `.ci/image` carries them out. */
import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';
import { isIgnored } from './context.ts';
import { imageConfig, parseDockerfile } from './dockerfile.ts';
import { problemsOf, type Texts } from './laws.ts';

const read = (path: string): string => readFileSync(path, 'utf8');
const packageJson: unknown = JSON.parse(read('package.json'));
const [, nodeMajor] = /"node":"\^(\d+)\./.exec(JSON.stringify(packageJson)) ?? [];

const ours: Texts = {
  dockerfile: read('Dockerfile'),
  dockerignore: read('.dockerignore'),
  gitignore: read('.gitignore'),
  compose: read('compose.yaml'),
  nodeMajor: Number(nodeMajor),
  exists: existsSync,
};

test('our image and our example cluster break none of the laws', (t) => {
  t.deepEqual(problemsOf(ours), []);
});

/** One mistake a row: in which file, what becomes what, and the words that must tell of it. */
const mistakes: readonly (readonly [keyof Texts, string, string, RegExp])[] = [
  ['dockerfile', 'COPY package.json', 'COPY pakage.json', /pakage\.json: the repository does not/],
  ['dockerfile', 'COPY package.json', 'COPY .git', /\.git: \.dockerignore keeps it out/],
  ['dockerfile', '--from=build', '--from=built', /no earlier stage has that name/],
  ['dockerfile', 'npm run build', 'true', /no 'npm run build' made it/],
  ['dockerfile', 'RUN npm ci', 'RUN true', /no 'npm ci' made it/],
  ['dockerfile', '/build/LICENSE', '/LICENSE', /outside of \/build/],
  ['dockerfile', 'USER node', 'USER root', /the image runs as root/],
  ['dockerfile', 'USER node\n', '', /the image runs as root/],
  ['dockerfile', 'HEALTHCHECK', 'LABEL', /not known here/],
  ['dockerfile', '  CMD ["node"', '  CMD [node"', /not HEALTHCHECK/],
  ['dockerfile', 'ENTRYPOINT ["altiplano"]', 'ENTRYPOINT altiplano', /not a JSON list/],
  ['dockerfile', 'EXPOSE 5050', 'EXPOSE 5052', /5050, which the image does not EXPOSE/],
  ['dockerfile', 'FROM node:26-', 'FROM node:25-', /not a slim Debian with Node 26/],
  ['dockerfile', 'FROM node:26-bookworm-slim', 'FROM node', /FROM node: not a slim Debian/],
  ['dockerfile', 'WORKDIR /build', 'ADD x /build', /not known here/],
  ['dockerignore', '**/node_modules\n', '', /does not keep node_modules out/],
  ['dockerignore', 'dist\n', '', /does not keep dist out/],
  ['compose', '--node-id=2', '--node-id=1', /master-2: its --peers are not/],
  ['compose', '2=master-2:5061', '2=master-4:5061', /its --peers are not/],
  ['compose', '2=master-2:5061', '2=master-2:5060', /its --peers are not/],
  ['compose', '=master-1:5060,master-2', '=master-2', /agent-1: its --masters are not/],
  ['compose', '--node-id=3', '--nodeid=3', /master-3: .*--nodeid/],
  ['compose', '      - agent\n', '      - agnet\n', /agnet is neither master nor agent/],
  ['compose', '5050:5050', '5050:5051', /publishes 5051, where no HTTP listens/],
  ['compose', '5052:5050', '5050:5050', /a port is published twice/],
  ['compose', 'master-2:/var', 'master-1:/var', /two services share a volume/],
  ['compose', '\n  agent-2:\n', '\n', /Map keys must be unique/],
  ['compose', ':/var/lib/altiplano', ':/var/lib/altipalno', /is not on a volume/],
  ['compose', 'init: true', 'init: false', /agent-1: nothing reaps/],
  ['compose', 'user: root', 'user: node', /switches users does not run as root/],
  ['compose', "'5051'\n", "'5050'\n", /its health is asked at 5050/],
  ['compose', '--hostname=agent-1', '--hostname=agent-2', /tells others the name agent-2/],
  ['compose', 'restart:', 'restrat:', /restrat is not known here/],
  ['compose', 'stop_grace_period: 20s', 'stop_grace_period: soon', /'soon' is not a duration/],
];

test('each of these mistakes is told', (t) => {
  for (const [file, from, to, words] of mistakes) {
    const text = ours[file];
    if (typeof text !== 'string') throw new Error(`${file} is not a text`);
    t.true(text.includes(from), `${file} has no '${from}' to spoil`);
    const problems = problemsOf({ ...ours, [file]: text.replace(from, to) });
    t.regex(problems.join('\n'), words, `'${from}' became '${to}'`);
  }
});

test('comments vanish, lines join, folders build on each other, the last word counts', (t) => {
  const stages = parseDockerfile(
    [
      'FROM a AS one',
      'FROM b',
      'RUN x \\',
      '  # between',
      ' && y',
      'WORKDIR /a',
      'WORKDIR b/',
      'USER u',
      'USER v',
      'CMD ["${HOME}"]',
    ].join('\n'),
  );
  t.true(stages.ok);
  const last = stages.ok ? stages.value.at(-1) : undefined;
  t.is(last?.name, '1');
  t.deepEqual(last?.instructions[0], { kind: 'run', command: 'x  && y' });
  t.like(last && imageConfig(last), { workdir: '/a/b', user: 'v', cmd: ['${HOME}'] });
});

test('a pattern without a slash means the root alone, a double star any folder', (t) => {
  const patterns = ['dist', '*.tgz', '**/secret', '!kept.tgz'].join('\n');
  const seen = ['dist', 'dist/a', 'a/dist', 'x.tgz', 'kept.tgz', 'a/b/secret/c', 'secret', 'a.ts'];
  t.deepEqual(
    seen.filter((path) => isIgnored(patterns, path)),
    ['dist', 'dist/a', 'x.tgz', 'a/b/secret/c', 'secret'],
  );
});
