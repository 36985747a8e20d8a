// The printed policies against every request that the program really sends: they allow these, and nothing beside them.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { bucket } from '../../../src/commands/schedule/as/bucket.js';
import { everyKey } from '../../../src/commands/schedule/as/bucket-names.js';
import { iam } from '../../../src/commands/schedule/as/iam.js';
import { reportctl, temporaryFolder } from '../../support/cli.js';
import { type S3Request, type S3Server, startS3Server } from '../../support/s3-server.js';
import { BUCKET, CHOICES, planWith } from './plans.js';
import { type Asked, isAllowed, isDenied, type Policy, rightsOf } from './policy.js';

const NAME = 'bucket-relatorios-aplicacao';
const ARN = `arn:aws:s3:::${NAME}`;
const KEY = 'arn:aws:kms:us-east-1:123456789012:key/0d1c3a3e-0000-4000-8000-000000000000';

const REPORT = `title: Registros
source: registros
collection: registros
filters: { date: quando }
columns: { id: integer, quando: timestamp, texto: text }
order-by: [id]
gates: { min-rows: 1 }
labels: { project: "fábrica" }
outputs:
  - { format: csv, key: "relatorios/{project}/{report}_{YYYYMMDD}.csv" }
  - { format: csv, key: "pacotes/{YYYY}/{report}_{MM}{DD}.{ext}", compress: gzip }
`;

let server: S3Server;
let folder: string;
/** What was sent under each encryption. */
const sent = { plain: [] as S3Request[], kms: [] as S3Request[] };
const WITH_KEY = { REPORTCTL_KMS_KEY_ID: KEY };

function environment(more: Readonly<Record<string, string>> = {}) {
  return {
    ...server.environment,
    REPORTCTL_DESTINATION: `s3://${NAME}/vendas`,
    REPORTCTL_SOURCE_REGISTROS: `s3://${NAME}/entrada/docs/`,
    REPORTCTL_S3_PART_SIZE: '5MiB',
    REPORTCTL_QUERIES: join(folder, 'queries'),
    ...more,
  };
}

async function printed(
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<Policy> {
  const { code, stdout, stderr } = await reportctl(['schedule', '--as', 'iam', ...args], {
    env: environment(more),
    cwd: folder,
  });
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Policy;
}

async function putDocuments(count: number, text: string): Promise<void> {
  const documents = Array.from({ length: count }, (_, id) =>
    JSON.stringify({ id, quando: '2024-10-05T12:00:00Z', texto: `${text} ${id}` }),
  );
  server.put('entrada/docs/registros.ndjson.gz', await promisify(gzip)(documents.join('\n')));
}

/** Everything that a night and its operators do, by what it ends with. */
async function play(more: Readonly<Record<string, string>>): Promise<void> {
  const act = async (expected: number, ...args: string[]) => {
    const { code, stderr } = await reportctl(args, { env: environment(more), cwd: folder });
    assert.equal(code, expected, `${args.join(' ')}: ${stderr}`);
  };
  await putDocuments(1_000, 'x'.repeat(6_000));
  await act(0, 'run', '--all', '--date', '2024-10-05');
  await act(0, 'run', '--all', '--date', '2024-10-05');
  await putDocuments(10, 'outro');
  await act(0, 'run', '--all', '--date', '2024-10-05', '--restate', 'correção');
  await act(3, 'status', '--since', '2024-10-01');
  await act(0, 'verify', 'registros', '--date', '2024-10-05');
  await act(0, 'check', '--clean');
  server.fail({ operation: 'UploadPart' }, 403);
  await putDocuments(1_000, 'x'.repeat(6_000));
  await act(5, 'run', '--all', '--date', '2024-10-05', '--restate', 'mais uma vez');
}

before(async () => {
  server = await startS3Server({ bucket: NAME });
  folder = await temporaryFolder();
  await mkdir(join(folder, 'queries'));
  await writeFile(join(folder, 'queries', 'registros.yaml'), REPORT);
  await play({});
  sent.plain.push(...server.requests);
  server.reset();
  await play(WITH_KEY);
  sent.kms.push(...server.requests);
});

after(() => server.close());

describe('the policy of who runs', () => {
  test('allows every request of a night, a restatement, a failure, status, verify and check', async () => {
    const operations = new Set(sent.plain.map(({ operation }) => operation));
    for (const needed of ['CreateMultipartUpload', 'CopyObject', 'DeleteObject', 'AbortMultipartUpload']) {
      assert.ok(operations.has(needed), `the play has no ${needed}`);
    }
    const policy = await printed([]);
    const refused = sent.plain
      .flatMap((request) => rightsOf(request))
      .filter((asked) => !isAllowed(policy, asked));
    assert.deepEqual(refused, []);
    // Each right is needed by something of it: one that is not would be too much.
    const used = new Set(sent.plain.flatMap(rightsOf).map(({ action }) => action));
    const given = policy.Statement.flatMap(({ Action }) => Action);
    // Asked only when the answer to the beginning of an upload was lost.
    assert.deepEqual(
      given.filter((action) => !used.has(action)),
      ['s3:ListMultipartUploadParts'],
    );
  });

  test('with KMS the key too, and that key alone', async () => {
    const asked = sent.kms.flatMap((request) => rightsOf(request));
    assert.ok(asked.some(({ action }) => action === 'kms:GenerateDataKey'));
    const policy = await printed([], WITH_KEY);
    assert.deepEqual(
      asked.filter((one) => !isAllowed(policy, one)),
      [],
    );
    const other = `${KEY.slice(0, -1)}1`;
    assert.ok(!isAllowed(policy, { action: 'kms:Decrypt', resource: other }));
    assert.ok(!isAllowed(await printed([]), { action: 'kms:Decrypt', resource: KEY }));
  });

  test('allows nothing else', async () => {
    const policy = await printed([]);
    const list = (prefix: string): Asked => ({
      action: 's3:ListBucket',
      resource: ARN,
      context: { 's3:prefix': prefix },
    });
    const beside: Asked[] = [
      { action: 's3:GetObject', resource: `${ARN}/vendas/folha-de-pagamento.csv` },
      { action: 's3:PutObject', resource: `${ARN}/relatorios/f_brica~/registros_20241005.csv` },
      { action: 's3:PutObject', resource: `${ARN}/vendas/relatorios/outro/registros_20241005.csv` },
      { action: 's3:PutObject', resource: `${ARN}/vendas/_quarantine/pacotes/2024/registros.csv.gz` },
      { action: 's3:PutObject', resource: `${ARN}/entrada/docs/registros.ndjson.gz` },
      { action: 's3:DeleteObject', resource: `${ARN}/entrada/docs/registros.ndjson.gz` },
      { action: 's3:GetObject', resource: 'arn:aws:s3:::outro-bucket/vendas/_reportctl/x.json' },
      { action: 's3:DeleteObjectVersion', resource: `${ARN}/vendas/pacotes/2024/registros.csv.gz` },
      { action: 's3:PutObjectAcl', resource: `${ARN}/vendas/pacotes/2024/registros.csv.gz` },
      { action: 's3:DeleteBucket', resource: ARN },
      { action: 's3:PutBucketPolicy', resource: ARN },
      list(''),
      list('vendas/'),
      list('folha/'),
    ];
    assert.deepEqual(
      beside.filter((asked) => isAllowed(policy, asked)),
      [],
    );
    const quarantine = `${ARN}/vendas/_quarantine/pacotes/2024/registros.csv.gz`;
    const more = await printed(['--quarantine']);
    assert.ok(isAllowed(more, { action: 's3:PutObject', resource: quarantine }));
  });

  test('readers read what is published and change nothing', async () => {
    const policy = await printed(['--readers'], WITH_KEY);
    const resource = `${ARN}/vendas/pacotes/2024/registros.csv.gz`;
    assert.ok(isAllowed(policy, { action: 's3:GetObject', resource }));
    assert.ok(
      isAllowed(policy, {
        action: 's3:GetObject',
        resource: `${ARN}/vendas/_reportctl/registros/20241005.json`,
      }),
    );
    assert.ok(isAllowed(policy, { action: 'kms:Decrypt', resource: KEY }));
    for (const action of [
      's3:PutObject',
      's3:DeleteObject',
      's3:AbortMultipartUpload',
      'kms:GenerateDataKey',
    ]) {
      assert.ok(!isAllowed(policy, { action, resource: action.startsWith('kms') ? KEY : resource }), action);
    }
    assert.ok(
      !isAllowed(policy, { action: 's3:GetObject', resource: `${ARN}/entrada/docs/registros.ndjson.gz` }),
    );
  });

  test('a key whose beginning has a star, a dollar or a question mark is itself only', () => {
    const destination = { ...BUCKET, keyPrefixes: ['a*b?$c_'] };
    const policy = JSON.parse(iam(planWith({ destination }))) as Policy;
    assert.equal(everyKey('a*b?$c_'), ['a$', '{*}b$', '{?}$', '{$}c_*'].join(''));
    const named = (key: string) => ({ action: 's3:PutObject', resource: `${ARN}/vendas/${key}` });
    assert.ok(isAllowed(policy, named('a*b?$c_20241005.csv')));
    assert.ok(!isAllowed(policy, named('aXbY$c_20241005.csv')));
  });
});

describe('the settings of the bucket', () => {
  /** The JSON of one command, as the shell would pass it. */
  function documentOf(text: string, subcommand: string): unknown {
    const [, quoted = ''] = new RegExp(`^aws s3api ${subcommand} .*? '([^']*)'\\n`, 'm').exec(text) ?? [];
    return JSON.parse(quoted);
  }

  test('the policy refuses nothing that the program sends', async () => {
    for (const [requests, more] of [[sent.plain, {}] as const, [sent.kms, WITH_KEY] as const]) {
      const { stdout } = await reportctl(['schedule', '--as', 'bucket'], {
        env: environment(more),
        cwd: folder,
      });
      const policy = documentOf(stdout, 'put-bucket-policy') as Policy;
      const asked = requests
        .flatMap((request) => rightsOf(request))
        .filter(({ action }) => action.startsWith('s3:'))
        .map((one) => ({ ...one, context: { 'aws:SecureTransport': 'true', ...one.context } }));
      assert.ok(asked.length > 50);
      assert.deepEqual(
        asked.filter((one) => isDenied(policy, one)),
        [],
      );
    }
  });

  test('and refuses clear text, another encryption and another key', () => {
    const plan = planWith({ encryption: { how: 'aws:kms', kmsKeyId: KEY } });
    const policy = documentOf(bucket(plan), 'put-bucket-policy') as Policy;
    const put = (context: Record<string, string>): Asked => ({
      action: 's3:PutObject',
      resource: `${ARN}/vendas/relatorio_20241005.csv`,
      context: { 'aws:SecureTransport': 'true', ...context },
    });
    const how = 's3:x-amz-server-side-encryption';
    const ours = { [how]: 'aws:kms', [`${how}-aws-kms-key-id`]: KEY };
    assert.ok(!isDenied(policy, put(ours)));
    assert.ok(!isDenied(policy, put({})), 'the default takes over');
    assert.ok(isDenied(policy, put({ ...ours, [how]: 'AES256' })));
    assert.ok(isDenied(policy, put({ ...ours, [`${how}-aws-kms-key-id`]: `${KEY}x` })));
    assert.ok(isDenied(policy, put({ ...ours, 'aws:SecureTransport': 'false' })));
  });

  test('encryption, public access and lifecycle are as S3 takes them', () => {
    const text = bucket(planWith({ encryption: { how: 'aws:kms', kmsKeyId: KEY } }));
    assert.deepEqual(documentOf(text, 'put-bucket-encryption'), {
      Rules: [
        {
          ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: KEY },
          BucketKeyEnabled: true,
        },
      ],
    });
    const access = documentOf(text, 'put-public-access-block') as Record<string, boolean>;
    assert.deepEqual(Object.values(access), [true, true, true, true]);
    const { Rules } = documentOf(text, 'put-bucket-lifecycle-configuration') as {
      Rules: { ID: string; Filter: { Prefix: string } }[];
    };
    assert.ok(Rules.every(({ Filter }) => Filter.Prefix.startsWith('vendas/')));
    assert.equal(new Set(Rules.map(({ ID }) => ID)).size, Rules.length);
    assert.ok(JSON.stringify(Rules).includes('"AbortIncompleteMultipartUpload":{"DaysAfterInitiation":2}'));
    // With none there is nothing to set or to refuse.
    assert.doesNotMatch(
      bucket(planWith({ encryption: { how: 'none', kmsKeyId: undefined } })),
      /server-side-encryption|other encryption/,
    );
  });

  test('a folder has neither policy nor bucket', () => {
    const plan = planWith({ destination: { kind: 'folder', path: '/srv/out' }, choices: CHOICES });
    for (const print of [iam, bucket]) assert.throws(() => print(plan), /needs a bucket.*\/srv\/out/);
  });
});
