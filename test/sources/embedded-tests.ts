// What is promised of the PostgreSQL started for one run: it loads its script or says what is wrong with it, and never outlives the run.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ReportError } from '../../src/core/errors.js';
import { startEmbedded } from '../../src/sources/embedded.js';
import { ROOT } from '../support/cli.js';
import { eventually, openUrl, readRows, requestOf } from '../support/postgres.js';

const NOBODY = 65534;
const { TMPDIR, PGSSLMODE } = process.env;

let folder: string;

/** A script as old and new versions of pg_dump write it. */
const SCRIPT = `\\restrict aBc
SET default_with_oids = false;
SELECT pg_catalog.set_config('search_path', '', false);
CREATE TABLE public.vendas (id integer, nome text);
INSERT INTO public.vendas SELECT n, 'São \\unrestrict ' || n FROM generate_series(1, 1000) AS n;
\\unrestrict aBc
`;

async function script(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text, { mode: 0o644 });
  return path;
}

const folders = async () => (await readdir(folder)).filter((name) => name.startsWith('reportctl-'));

/** The folder in a server's URL. */
const folderOf = (url: string) => new URL(url).searchParams.get('host') ?? '';

async function serverId(of: string): Promise<number> {
  return Number((await readFile(join(of, 'data', 'postmaster.pid'), 'utf8')).split('\n')[0]);
}

function runs(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const gone = (id: number, of: string) =>
  eventually(
    async () => !runs(id) && !(await folders()).some((name) => of.endsWith(name)),
    'process and folder gone',
  );

/** A process that starts a server, prints its URL, and stops it when anything is written to stdin. */
async function startInChild(
  path: string,
  options: { uid?: number; gid?: number; env?: NodeJS.ProcessEnv } = {},
) {
  const source = new URL('../../src/sources/embedded.js', import.meta.url).href;
  const code = `
    const { startEmbedded } = await import(${JSON.stringify(source)});
    const server = await startEmbedded({ script: ${JSON.stringify(path)}, signal: new AbortController().signal });
    process.stdin.once('data', () => server.stop().then(() => process.exit(0)));
    console.log(server.url);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    ...options,
    cwd: ROOT,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [url] = await Promise.race([once(child.stdout, 'data'), failed(child)]);
  const of = folderOf(String(url).trim());
  return { child, of, id: await serverId(of) };
}

async function failed(child: ChildProcess): Promise<never> {
  const [code] = await once(child, 'exit');
  throw new Error(`the child ended with ${code}`);
}

/** Can that user read the checkout? */
async function canRead(uid: number): Promise<boolean> {
  const code = `require('node:fs').readFileSync(${JSON.stringify(fileURLToPath(import.meta.url))})`;
  const child = spawn(process.execPath, ['-e', code], { uid, gid: uid, cwd: '/', stdio: 'ignore' });
  return await once(child, 'exit').then(
    ([exit]) => exit === 0,
    () => false,
  );
}

/** Defines the tests, of which every one starts a server. A probe leaves three of them out. */
export function embeddedTests(extent: 'probe' | 'all'): void {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'reportctl-test-'));
    // The servers create their folders here, also as another user, so that the test sees any that is left behind.
    await chmod(folder, 0o1777);
    process.env.TMPDIR = folder;
    // These are about other servers; the embedded one must ignore them.
    process.env.PGSSLMODE = 'require';
  });

  after(async () => {
    for (const [name, value] of Object.entries({ TMPDIR, PGSSLMODE })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    if (folder) await rm(folder, { recursive: true });
  });

  describe('embedded:', { timeout: 600_000, concurrency: 2 }, () => {
    test('loads its script, is read like any PostgreSQL, and leaves nothing behind', async () => {
      const source = await openUrl(`embedded:${await script('vendas.sql', SCRIPT)}`);
      const query = `SELECT id, nome, current_setting('data_directory') AS data FROM vendas`;
      const request = requestOf(query, { id: 'integer', nome: 'text', data: 'text' }, { orderBy: ['id'] });
      const prepared = await source.prepare(request);
      // The planner has statistics: it knows the number of rows.
      assert.equal((await prepared.estimate()).rows, 1000);
      const rows = await readRows(source, request);
      assert.deepEqual([rows.length, rows.at(-1)?.slice(0, 2)], [1000, ['1000', 'São \\unrestrict 1000']]);
      const of = (rows[0]?.[2] ?? '').replace(/\/data$/, '');
      const id = await serverId(of);
      assert.equal(runs(id), true);
      await source.close();
      assert.equal(runs(id), false);
      assert.ok(!(await folders()).some((name) => of.endsWith(name)));
    });

    test('a script that does not exist', () =>
      assert.rejects(
        openUrl('embedded:nowhere/vendas.sql'),
        (error) =>
          error instanceof ReportError &&
          error.code === 'source' &&
          /reading the script of embedded:nowhere\/vendas\.sql.*ENOENT/.test(error.message) &&
          /working directory/.test(error.hint ?? ''),
      ));

    const scripts = [
      [
        'error.sql',
        'SELECT 1;\nSELECT * FROM nao_existe;',
        /starting embedded:.*"nao_existe" does not exist$/,
        /^$/,
      ],
      [
        'copy.sql',
        'CREATE TABLE t (id int);\nCOPY t FROM stdin;\n1\n\\.\n',
        /starting embedded:/,
        /pg_dump --inserts --no-owner --no-privileges/,
      ],
    ] as const;
    for (const [name, text, message, hint] of extent === 'probe' ? scripts.slice(0, 1) : scripts)
      test(`a script that cannot be loaded: ${name}`, async () => {
        const path = await script(name, text);
        await assert.rejects(openUrl(`embedded:${path}`), (error) => {
          assert.ok(error instanceof ReportError, String(error));
          assert.deepEqual([error.code, error.retryable], ['source', false]);
          assert.match(error.message, message);
          assert.match(error.hint ?? '', hint);
          assert.doesNotMatch(error.message, /[\r\n]/);
          return true;
        });
      });

    test('when our process is killed, the server and its folder go as well', async () => {
      const { child, of, id } = await startInChild(await script('killed.sql', SCRIPT));
      assert.equal(runs(id), true);
      child.kill('SIGKILL');
      await gone(id, of);
    });
    if (extent === 'probe') return;

    test('cancelling does not wait for the script', async () => {
      const reason = new Error('enough');
      const controller = new AbortController();
      const begun = join(folder, 'begun');
      const path = await script('slow.sql', `COPY (SELECT 1) TO '${begun}'; SELECT pg_sleep(600);`);
      const starting = assert.rejects(startEmbedded({ script: path, signal: controller.signal }), reason);
      await eventually(async () => (await readdir(folder)).includes('begun'), 'the script runs');
      controller.abort(reason);
      await starting;
    });

    test('a user who is not root starts and stops one', async (t) => {
      if (process.getuid?.() !== 0) return t.skip('all the others already run as such a user');
      if (!(await canRead(NOBODY))) return t.skip('the checkout is in a folder that only root can read');
      const nobody = { uid: NOBODY, gid: NOBODY };
      const { child, of, id } = await startInChild(await script('nobody.sql', SCRIPT), nobody);
      assert.equal(runs(id), true);
      child.stdin.write('stop');
      assert.deepEqual(await once(child, 'exit'), [0, null]);
      await gone(id, of);
    });
  });

  test('a folder that only root may write to is as empty as before', {
    skip: process.getuid?.() !== 0 || extent === 'probe',
  }, async () => {
    const own = await mkdtemp(join(folder, 'root-'));
    await chmod(own, 0o755);
    const path = await script('root.sql', SCRIPT);
    const { child, id } = await startInChild(path, { env: { ...process.env, TMPDIR: own } });
    child.stdin.write('stop');
    assert.deepEqual(await once(child, 'exit'), [0, null]);
    assert.deepEqual([runs(id), await readdir(own)], [false, []]);
  });

  test('no folder of these servers is left', async () => {
    assert.deepEqual(await folders(), []);
  });
}
