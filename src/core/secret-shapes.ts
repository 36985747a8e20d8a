// Recognises secrets by how they look, where it is not known which text is one.

/** A user or a password before the host: `scheme://user:password@host`, or misspelt with one slash or none. */
const LOGIN = /:\/\/[^/?#\s]*@|^[a-z][a-z0-9+.-]*:\/?[^/\s@:]*:[^\s@]*@/i;

/** A secret among the parameters of an address: `?token=…`. */
const PARAMETER = /[?&;][\w-]{0,40}(pass|pwd|token|secret|sig|key|credential)[\w-]{0,40}=/i;

/** `password=…` and what else names a secret; access keys of AWS. */
const NAMED_SECRET =
  /(pass(word|wd|phrase)?|secret|token|credential|(api|access|private)[-_]?key)[\w-]{0,40}\s{0,9}[=:]|\b(pwd|sig|signature)\s{0,9}[=:]|\bA(KI|SI)A[A-Z0-9]{8}/i;

/** No setting that is shown is longer. */
const MAX_LENGTH = 4096;

/** Does an address hold a user, a password or a token? */
export function hasLogin(address: string): boolean {
  const beginning = address.slice(0, MAX_LENGTH);
  return LOGIN.test(beginning) || PARAMETER.test(beginning);
}

/** Could a setting hold a secret? True is a guess, made for settings that are better left out than shown. */
export function looksSecret(value: string): boolean {
  if (value.length > MAX_LENGTH || hasLogin(value) || NAMED_SECRET.test(value)) return true;
  // Names of hosts may hold the id of an account, which is no secret.
  const afterHost = value.replace(/^https?:\/\/[^/?#]*/i, '');
  return (afterHost.match(/[A-Za-z0-9+]{32,}/g) ?? []).some(isToken);
}

/** Is the run of letters and digits one that no person types: hexadecimal, or of both cases with digits? */
function isToken(run: string): boolean {
  return /^[0-9a-f]+$/i.test(run) || [/[a-z]/, /[A-Z]/, /\d/].every((kind) => kind.test(run));
}

/** The text, with `…` in place of the user and the password of every URL in it but examples. Takes linear time. */
export function withoutLogins(text: string): string {
  return text.replace(/:\/\/(?!user:password@)[^\s/?#"'`]{1,500}@/g, '://…@');
}
