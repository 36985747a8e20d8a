// Addresses: of a destination, and of one file.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseAddress, splitAddress } from '../../src/destinations/address.js';

describe('an address', () => {
  for (const [where, expected] of [
    ['-', { scheme: 'stdout' }],
    ['./-', { scheme: 'file', path: './-' }],
    ['out', { scheme: 'file', path: 'out' }],
    ['/data/a b', { scheme: 'file', path: '/data/a b' }],
    ['C:\\data', { scheme: 'file', path: 'C:\\data' }],
    ['file:out/x', { scheme: 'file', path: 'out/x' }],
    ['FILE:out', { scheme: 'file', path: 'out' }],
    ['file:///data/a%20b', { scheme: 'file', path: '/data/a b' }],
    ['s3://bucket', { scheme: 's3', bucket: 'bucket', path: '' }],
    ['s3://bucket/', { scheme: 's3', bucket: 'bucket', path: '' }],
    ['S3://bucket/a/b', { scheme: 's3', bucket: 'bucket', path: 'a/b' }],
    ['s3://bucket/a\nb/', { scheme: 's3', bucket: 'bucket', path: 'a\nb/' }],
    ['s3://bucket//a', { scheme: 's3', bucket: 'bucket', path: '/a' }],
    ['', undefined],
    ['s3:bucket', undefined],
    ['s3://', undefined],
    ['s3:///a', undefined],
    ['gs://bucket', undefined],
    ['ftp:x', undefined],
    ['file://host/x', undefined],
  ] as const) {
    test(JSON.stringify(where), () => assert.deepEqual(parseAddress(where), expected));
  }
});

describe('the address of a file', () => {
  for (const [where, root, key] of [
    ['a.csv', '.', 'a.csv'],
    ['daily-01:00.csv', '.', 'daily-01:00.csv'],
    ['/data/x/a.csv', '/data/x', 'a.csv'],
    ['file:///data/a%20b.csv', '/data', 'a b.csv'],
    ['s3://bucket/a.csv', 's3://bucket', 'a.csv'],
    ['S3://bucket/a/b.csv', 's3://bucket', 'a/b.csv'],
  ] as const) {
    test(where, () => assert.deepEqual(splitAddress(where), { root, key }));
  }

  for (const where of [
    '',
    '-',
    's3://bucket',
    's3://bucket/',
    's3:a.csv',
    'gs://bucket/a.csv',
    'file://host/x',
  ]) {
    test(`${JSON.stringify(where)} names none`, () => assert.equal(splitAddress(where), undefined));
  }
});
