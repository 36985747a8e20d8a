// The environment: what it may say, where secrets may come from, and that no way of printing shows them.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { sourceVariable } from '../../src/core/config/variables.js';
import { type Config, loadConfig } from '../../src/core/config.js';
import { errorSentence, ReportError } from '../../src/core/errors.js';
import { SecretEndpoint, SecretUrl } from '../../src/core/secret-url.js';
import { runs } from '../support/runs.js';

const folder = mkdtempSync(join(tmpdir(), 'reportctl-test-'));
after(() => rmSync(folder, { recursive: true }));

/** Loads with this environment alone, in an empty folder but for `.env`. */
function load(
  env: Record<string, string>,
  { dotenv, logFormat }: { dotenv?: string; logFormat?: string } = {},
): Config {
  const cwd = mkdtempSync(join(folder, 'cwd-'));
  if (dotenv !== undefined) writeFileSync(join(cwd, '.env'), dotenv);
  return loadConfig({ env: { ...env }, cwd, logFormat });
}

function refused(action: () => unknown, code: string, said: RegExp): void {
  assert.throws(action, (error: unknown) => {
    assert.ok(error instanceof ReportError, String(error));
    assert.equal(error.code, code);
    assert.match(errorSentence(error), said);
    assert.doesNotMatch(errorSentence(error), /S3nha/);
    return true;
  });
}

function secretFile(content: string | Buffer): string {
  const path = join(mkdtempSync(join(folder, 'secret-')), 'secret');
  writeFileSync(path, content);
  return path;
}

test('the defaults', () => {
  const { destination, queries, logFormat, logLevel, noColor, s3: settings, postgres } = load({});
  const { environment: _, ...s3 } = settings;
  assert.deepEqual(
    { destination, queries, logFormat, logLevel, noColor, s3, postgres },
    {
      destination: './out',
      queries: './queries',
      logFormat: 'text',
      logLevel: 'info',
      noColor: false,
      s3: { pathStyle: false, partSize: 16 * 2 ** 20, encryption: 'AES256', allowHttp: false },
      postgres: {},
    },
  );
});

test('an empty variable counts as not set', () => {
  const config = load({
    REPORTCTL_DESTINATION: '',
    REPORTCTL_LOG_LEVEL: '',
    REPORTCTL_SSE: '',
    REPORTCTL_S3_PART_SIZE: '',
    NO_COLOR: '',
  });
  assert.deepEqual([config.destination, config.logLevel, config.noColor], ['./out', 'info', false]);
});

test('every setting', () => {
  const {
    s3: { environment: _, ...s3 },
    ...rest
  } = load({
    REPORTCTL_DESTINATION: 's3://b/p',
    REPORTCTL_QUERIES: 'q',
    REPORTCTL_LOG_FORMAT: 'json',
    REPORTCTL_LOG_LEVEL: 'debug',
    REPORTCTL_KMS_KEY_ID: 'key',
    REPORTCTL_S3_PATH_STYLE: 'true',
    REPORTCTL_S3_ALLOW_HTTP: 'true',
    REPORTCTL_S3_PART_SIZE: '64 mib',
    NO_COLOR: '1',
    PGHOST: 'h',
    PGUSER: '',
  });
  assert.deepEqual(s3, {
    pathStyle: true,
    partSize: 64 * 2 ** 20,
    encryption: 'aws:kms',
    kmsKeyId: 'key',
    allowHttp: true,
  });
  assert.deepEqual(
    [rest.destination, rest.queries, rest.logFormat, rest.logLevel, rest.noColor, rest.postgres],
    ['s3://b/p', 'q', 'json', 'debug', true, { PGHOST: 'h' }],
  );
});

test('a part is 5 MiB to 5 GiB', () => {
  const size = (value: string) => load({ REPORTCTL_S3_PART_SIZE: value }).s3.partSize;
  assert.deepEqual(['5242880', '5MiB', '5 GiB', '5120kib'].map(size), [
    5 * 2 ** 20,
    5 * 2 ** 20,
    5 * 2 ** 30,
    5 * 2 ** 20,
  ]);
  for (const value of ['5242879', '6GiB', '16MB', '1.5GiB', '-5MiB', 'x', '5 MiB ', '0'])
    refused(() => size(value), 'usage', /REPORTCTL_S3_PART_SIZE is ".*"\. Give 5 MiB to 5 GiB/);
});

describe('values that are not allowed', () => {
  const cases: readonly [Record<string, string>, RegExp][] = [
    [{ REPORTCTL_LOG_FORMAT: 'xml' }, /REPORTCTL_LOG_FORMAT is "xml"\. Allowed: text, json\./],
    [
      { REPORTCTL_LOG_LEVEL: 'INFO' },
      /REPORTCTL_LOG_LEVEL is "INFO"\. Did you mean "info"\? \(allowed: debug, info, warn, error\)/,
    ],
    [
      { REPORTCTL_SSE: 'aes256' },
      /REPORTCTL_SSE is "aes256"\. Did you mean "AES256"\? \(allowed: AES256, aws:kms, none\)/,
    ],
    [{ REPORTCTL_S3_PATH_STYLE: 'yes' }, /REPORTCTL_S3_PATH_STYLE is "yes"\. Allowed: true, false\./],
    [{ REPORTCTL_S3_ALLOW_HTTP: '1' }, /REPORTCTL_S3_ALLOW_HTTP is "1"/],
    [
      { REPORTCTL_KMS_KEY_ID: 'key', REPORTCTL_SSE: 'AES256' },
      /REPORTCTL_KMS_KEY_ID is set but REPORTCTL_SSE is AES256/,
    ],
  ];
  for (const [env, said] of cases) test(JSON.stringify(env), () => refused(() => load(env), 'usage', said));

  test('a flag is named as a flag, and wins', () => {
    refused(() => load({}, { logFormat: 'xml' }), 'usage', /^--log-format is "xml"/);
    assert.equal(load({ REPORTCTL_LOG_FORMAT: 'xml' }, { logFormat: 'json' }).logFormat, 'json');
  });
});

describe('.env', () => {
  test('fills what the environment leaves out', () => {
    const config = load(
      { REPORTCTL_QUERIES: 'real' },
      { dotenv: '\ufeffREPORTCTL_DESTINATION="./a b" # the share\r\nREPORTCTL_QUERIES=file\r\n' },
    );
    assert.deepEqual([config.destination, config.queries], ['./a b', 'real']);
  });

  test('its values are held to the same rules', () => {
    refused(() => load({}, { dotenv: 'REPORTCTL_LOG_LEVEL=loud' }), 'usage', /REPORTCTL_LOG_LEVEL is "loud"/);
  });

  test('one that cannot be read is no missing one', () => {
    const cwd = mkdtempSync(join(folder, 'cwd-'));
    mkdirSync(join(cwd, '.env'));
    refused(() => loadConfig({ env: {}, cwd }), 'usage', /reading \.env: EISDIR/);
  });
});

describe('sources', () => {
  test('a name becomes a variable', () => {
    assert.equal(sourceVariable('vendas-sul_2'), 'REPORTCTL_SOURCE_VENDAS_SUL_2');
    assert.equal(load({ REPORTCTL_SOURCE_A_B: 'postgres://x/y' }).source('a-b').reveal(), 'postgres://x/y');
  });

  test('one that is misspelt, in the report or here', () => {
    const config = load({ REPORTCTL_SOURCE_VENDAS: 'postgres://', REPORTCTL_SOURCE_ESTOQUE: 'postgres://' });
    refused(() => config.source('vendsa'), 'definition', /Did you mean the source "vendas"\?/);
  });

  test('one that is not set', () => {
    refused(
      () => load({}).source('vendas'),
      'definition',
      /source "vendas": REPORTCTL_SOURCE_VENDAS is not set\. Set it to a URL/,
    );
  });
});

describe('secrets in files', () => {
  test('of sources, of PostgreSQL and of AWS, without the line end of an editor', () => {
    const config = load({
      REPORTCTL_SOURCE_VENDAS_FILE: secretFile('postgres://u:S3nha@h/d\n'),
      PGPASSWORD_FILE: secretFile('a b \r\n'),
      AWS_SECRET_ACCESS_KEY_FILE: secretFile('k'),
    });
    assert.equal(config.source('vendas').reveal(), 'postgres://u:S3nha@h/d');
    assert.deepEqual(['PGPASSWORD', 'AWS_SECRET_ACCESS_KEY'].map(config.environment.get), ['a b ', 'k']);
  });

  test('as Windows writes them: a byte order mark is no part of the secret, and UTF-16 is refused', () => {
    const { environment } = load({ PGPASSWORD_FILE: secretFile('\ufeffS3nha\r\n') });
    assert.equal(environment.get('PGPASSWORD'), 'S3nha');
    for (const utf16 of [Buffer.from('\ufeffS3nha', 'utf16le'), Buffer.from('S3nha', 'utf16le')])
      refused(() => load({ PGPASSWORD_FILE: secretFile(utf16) }), 'usage', /failed \(it is no UTF-8 text\)/);
  });

  test('the variable itself wins, and an unknown one is left alone', () => {
    const config = load({
      REPORTCTL_SOURCE_V: 'postgres://real/',
      REPORTCTL_SOURCE_V_FILE: '/nowhere',
      HISTORY_FILE: '/nowhere',
      PGPASSFILE: '/nowhere',
    });
    assert.equal(config.source('v').reveal(), 'postgres://real/');
  });

  test('one that cannot be read, without what the variable holds: it may be the secret itself', () => {
    refused(
      () => load({ PGPASSWORD_FILE: '/nowhere' }),
      'usage',
      /the file that PGPASSWORD_FILE names failed \(ENOENT\)\. Give the path/,
    );
    refused(
      () => load({ REPORTCTL_SOURCE_V_FILE: 'postgres://u:S3nha@h/d' }),
      'usage',
      /REPORTCTL_SOURCE_V_FILE names failed \(ENOENT\)/,
    );
  });
});

describe('what is printed of a URL', () => {
  const shown: readonly [url: string, shown: string][] = [
    ['postgres://ana:S3nha@host:5432/vendas?sslmode=require', 'postgres://host:5432/vendas'],
    ['postgresql://host/vendas?password=S3nha', 'postgresql://host/vendas'],
    ['postgres://', 'postgres://'],
    ['postgres://ana:S3nha@[::1]:5/d', 'postgres://[::1]:5/d'],
    ['postgres://ana:S3%2Fnha@host/d', 'postgres://host/d'],
    ['mongodb+srv://ana:S3nha@a/d', 'mongodb+srv://a/d'],
    ['embedded:fixtures/vendas.sql', 'embedded:fixtures/vendas.sql'],
    ['file:docs/', 'file:docs/'],
    ['file:docs?token=S3nha', 'file:docs'],
    // An unescaped character cuts the password in two.
    ['postgres://ana:S3nha@1@host/d', 'postgres://host/d'],
    ['postgres://ana:S3/nha@host/d', 'postgres://…'],
    ['postgres://ana:12/S3nha@host/d', 'postgres://…'],
    ['postgres://ana:12/S3nha%40host/d', 'postgres://…'],
    ['postgres://ana:12?S3nha@host/d', 'postgres://…'],
    ['postgres://ana:12#S3nha@host/d', 'postgres://…'],
    ['postgres://ana:S3:nha%@host/d', 'postgres://host/d'],
    // Not what was meant, and it may hold anything.
    ['postgres:ana:S3nha@host/d', 'postgres:…'],
    ['postgres:/ana:S3nha@host/d', 'postgres:…'],
    ['postgres:/S3nha', 'postgres:…'],
    ['mongodb:/S3nha', 'mongodb:…'],
    ['mongodb://ana:p%40ss@host/d', 'mongodb://host/d'],
    ['ana:S3nha@host/d', 'ana:…'],
    [' postgres://ana:S3nha@host/d', '…'],
    ['S3nha', '…'],
  ];
  for (const [url, expected] of shown) test(url, () => assert.equal(String(new SecretUrl(url)), expected));

  const ways: readonly ((secret: SecretUrl) => string)[] = [
    String,
    (secret) => `${secret}`,
    (secret) => JSON.stringify({ secret }),
    (secret) => inspect(secret, { showHidden: true, depth: 9 }),
    (secret) => inspect({ deep: [{ secret }] }, { depth: 9 }),
    (secret) => JSON.stringify(Object.entries(secret)),
    (secret) => errorSentence(new Error(`failed: ${secret}`)),
  ];

  test('no way of printing shows a password, whatever is in it, escaped or not', () => {
    const password = fc.array(
      fc.constantFrom(
        '/',
        '?',
        '@',
        '#',
        ':',
        '%',
        ' ',
        '\\',
        "'",
        '"',
        '[',
        ']',
        '1',
        '2',
        'é',
        '&',
        '=',
        ';',
        '\n',
      ),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(
        password,
        password,
        fc.boolean(),
        fc.constantFrom('postgres', 'mongodb'),
        (before, behind, escaped, scheme) => {
          const typed = `${before.join('')}S3nha${behind.join('')}`;
          const secret = new SecretUrl(
            `${scheme}://ana:${escaped ? encodeURIComponent(typed) : typed}@host/vendas`,
          );
          for (const way of ways) assert.doesNotMatch(way(secret), /S3nha|ana/);
          assert.ok(secret.reveal().includes('S3nha'));
        },
      ),
      { numRuns: runs(1000) },
    );
  });

  test('a value that looks like a secret in the wrong variable is refused unseen', () => {
    for (const name of ['REPORTCTL_SSE', 'REPORTCTL_JOBS', 'REPORTCTL_S3_PART_SIZE', 'REPORTCTL_LOG_FORMAT'])
      refused(() => load({ [name]: 'postgres://ana:S3nha@h/d' }), 'usage', new RegExp(`${name} is "…"`));
  });

  test('a destination with a user or a password is refused unseen', () => {
    for (const where of [
      's3://ana:S3nha@bucket/x',
      's3://S3nha@bucket',
      'postgres:/ana:S3nha@h',
      's3://b/x?token=S3nha',
      'gs:ana:S3nha@b',
    ])
      refused(
        () => load({ REPORTCTL_DESTINATION: where }),
        'usage',
        /REPORTCTL_DESTINATION holds a user, a password or a token/,
      );
    assert.equal(load({ REPORTCTL_DESTINATION: '/srv/a@b' }).destination, '/srv/a@b');
  });

  test('a whole Config has no password to print', () => {
    const config = load({ REPORTCTL_SOURCE_V: 'postgres://ana:S3nha@h/d', PGPASSWORD: 'S3nha', PGHOST: 'h' });
    assert.doesNotMatch(inspect(config, { depth: 9, showHidden: true }) + JSON.stringify(config), /S3nha/);
    assert.equal(config.postgres.PGHOST, 'h');
  });

  test('of an endpoint every way of printing shows scheme and host alone', () => {
    const secret = new SecretEndpoint('https://ana:S3nha@hooks.example:8443/S3nha/x?k=S3nha#S3nha');
    for (const way of ways) assert.doesNotMatch(way(secret), /S3nha|ana/);
    assert.equal(String(secret), 'https://hooks.example:8443');
  });
});

describe('who hears of it', () => {
  test('nobody, unless told', () => {
    const { notify, tracing } = load({ REPORTCTL_WEBHOOK_URL: '', OTEL_SDK_DISABLED: 'false' });
    assert.deepEqual(notify, { webhook: undefined, heartbeat: undefined, metricsFile: undefined });
    assert.deepEqual(tracing, { disabled: false, requested: false, parent: undefined });
  });

  test('URLs, also out of files', () => {
    const { notify } = load({
      REPORTCTL_WEBHOOK_URL_FILE: secretFile('https://hooks.example/S3nha\n'),
      REPORTCTL_HEARTBEAT_URL_FILE: secretFile('http://hc/S3nha\n'),
      REPORTCTL_WEBHOOK_FORMAT: 'json',
    });
    assert.equal(notify.webhook?.url.reveal(), 'https://hooks.example/S3nha');
    assert.equal(notify.webhook?.format, 'json');
    assert.equal(notify.heartbeat?.reveal(), 'http://hc/S3nha');
  });

  test('what is no URL, or no format, is refused without its value', () => {
    for (const url of [
      'hooks.example/S3nha',
      'ftp://hooks.example/S3nha',
      'https://',
      'https://S3nha:x:y/',
    ]) {
      refused(() => load({ REPORTCTL_WEBHOOK_URL: url }), 'usage', /REPORTCTL_WEBHOOK_URL is not a URL/);
      refused(() => load({ REPORTCTL_HEARTBEAT_URL: url }), 'usage', /REPORTCTL_HEARTBEAT_URL is not a URL/);
    }
    refused(() => load({ REPORTCTL_WEBHOOK_FORMAT: 'pigeon' }), 'usage', /Allowed: slack, json/);
  });
});
