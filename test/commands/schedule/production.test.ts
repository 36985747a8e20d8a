// docs/en/production.md and the Dockerfile: what they say is tried as far as that goes without Docker.
import assert from 'node:assert/strict';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import pg from 'pg';
import { kubernetes } from '../../../src/commands/schedule/as/kubernetes.js';
import { ROOT, reportctl, temporaryFolder } from '../../support/cli.js';
import { createDatabase } from '../../support/shared-postgres.js';
import { planWith } from './plans.js';

const page = await readFile(join(ROOT, 'docs/en/production.md'), 'utf8');
const dockerfile = await readFile(join(ROOT, 'Dockerfile'), 'utf8');
const ignored = await readFile(join(ROOT, '.dockerignore'), 'utf8');

describe('the role for PostgreSQL', () => {
  test('publishes a report and can write nothing', async () => {
    const server = await createDatabase('vendas');
    try {
      const url = new URL(server.url);
      const database = url.pathname.slice(1);
      const [, sql = ''] = /```sql\n([\s\S]*?)```/.exec(page) ?? [];
      const owner = new pg.Client(server.url);
      await owner.connect();
      await owner.query(
        sql.replace("PASSWORD '…'", "PASSWORD 'x'").replace('DATABASE vendas', `DATABASE "${database}"`),
      );
      await owner.end();
      url.username = 'reportctl';
      url.password = 'x';
      const folder = await temporaryFolder();
      const { code, stderr } = await reportctl(['run', 'transacoes', '--date', '2024-10-05'], {
        env: { REPORTCTL_SOURCE_VENDAS: url.href, REPORTCTL_DESTINATION: join(folder, 'out') },
      });
      assert.equal(code, 0, stderr);
      const reader = new pg.Client(url.href);
      await reader.connect();
      try {
        await assert.rejects(reader.query('DELETE FROM transacoes'), /permission denied|read-only/);
        await reader.query('SET default_transaction_read_only = off');
        await assert.rejects(reader.query('DELETE FROM transacoes'), /permission denied/);
        await assert.rejects(reader.query('CREATE TABLE x ()'), /permission denied/);
      } finally {
        await reader.end();
      }
    } finally {
      await server.stop();
    }
  });
});

describe('the image', () => {
  test('copies what is there and is not ignored', async () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(
      (match) => match[1]?.split(' ') ?? [],
    );
    assert.ok(copied.length >= 6);
    for (const path of copied) {
      await access(join(ROOT, path));
      assert.ok(ignored.split('\n').includes(`!${path}`), `${path} is ignored`);
    }
    // What the package is made of is among it.
    const { files } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
    for (const path of files) assert.ok(path === 'dist' || copied.includes(path), `${path} is not copied`);
  });

  test('ends with a user that is not root, the one of the printed jobs', () => {
    const [, user] = [...dockerfile.matchAll(/^USER (\d+):\d+$/gm)].at(-1) ?? [];
    assert.match(kubernetes(planWith()), new RegExp(`runAsUser: ${user}\\n`));
    assert.notEqual(user, '0');
  });
});

test('the page goes through the commands of an installation', () => {
  for (const command of ['run', 'check', 'verify', 'status', 'schedule'])
    assert.match(page, new RegExp(`reportctl ${command}\\b`));
});
