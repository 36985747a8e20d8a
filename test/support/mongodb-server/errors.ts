// What a MongoDB server refuses, with its own codes.

/** The names of the codes that this server answers (mongo/src/mongo/base/error_codes.yml). */
const CODE_NAMES: Readonly<Record<number, string>> = {
  2: 'BadValue',
  9: 'FailedToParse',
  13: 'Unauthorized',
  14: 'TypeMismatch',
  18: 'AuthenticationFailed',
  26: 'NamespaceNotFound',
  43: 'CursorNotFound',
  59: 'CommandNotFound',
  168: 'InvalidPipelineOperator',
  238: 'NotImplemented',
  334: 'MechanismUnavailable',
};

export class ServerError extends Error {
  readonly code: number;
  readonly codeName: string;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
    this.codeName = CODE_NAMES[code] ?? `Location${code}`;
  }
}

/** For what a real server can do and this one cannot: refused, so that nothing is quietly wrong. */
export function unsupported(what: string): ServerError {
  return new ServerError(238, `the test server cannot do ${what}`);
}
