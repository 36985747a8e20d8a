// Which texts look like secrets, and which must not, since settings that do are not shown.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hasLogin, looksSecret, withoutLogins } from '../../src/core/secret-shapes.js';

describe('a setting that looks like a secret', () => {
  for (const value of [
    'https://ana:S3nha@minio.example',
    'https://ana@minio.example',
    's3://AKIAIOSFODNN7EXAMPLE:S3nha@bucket/prefix',
    's3://bucket/x?token=S3nha',
    'postgres:/ana:S3nha@host/d',
    'postgres:ana:S3nha@host/d',
    '-c search_path=vendas -c app.password=S3nha',
    'password = S3nha',
    'host=db PASSWORD=S3nha',
    'api_key=1',
    'https://host/x?sig=abc',
    'https://host/x?X-Amz-Security-Token=abc',
    'AKIAIOSFODNN7EXAMPLE',
    'wJalrXUtnFEMI7K7MDENG7bPxRfiCYEXAMPLEKEY',
    'd41d8cd98f00b204e9800998ecf8427e',
    `x${' '.repeat(5000)}`,
  ]) {
    test(value.slice(0, 60), () => assert.equal(looksSecret(value), true));
  }
  for (const value of [
    '/srv/relatorios/2024/São Paulo/Relatorios Diarios',
    './out',
    'file:///a@b',
    'x//y@z',
    'db.example',
    'ana@example',
    'vendas',
    'sa-east-1',
    'aws:kms',
    'https://0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com',
    's3://bucket-relatorios-aplicacao/optional/prefix',
    'verify-full',
    '16MiB',
    'when_required',
  ]) {
    test(`but not ${value}`, () => assert.deepEqual([looksSecret(value), hasLogin(value)], [false, false]));
  }
});

test('the logins of URLs in a text', () => {
  for (const [text, shown] of [
    ['open postgres://ana:S3nha@h/d and mongodb://b:S3nha@i', 'open postgres://…@h/d and mongodb://…@i'],
    ['Custom endpoint `http://ana:S3nha@h` is wrong', 'Custom endpoint `http://…@h` is wrong'],
    ['It is postgres://user:password@host', 'It is postgres://user:password@host'],
    ['s3://bucket/a@b.csv and ana@example', 's3://bucket/a@b.csv and ana@example'],
  ] as const) {
    assert.equal(withoutLogins(text), shown);
  }
});
