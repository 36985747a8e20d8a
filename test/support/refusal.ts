// The ReportError with which something is refused.
import assert from 'node:assert/strict';
import { ReportError } from '../../src/core/errors.js';

/** The error that the action throws: a ReportError with a hint and a message of one line. */
export function refusal(action: () => unknown): ReportError {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof ReportError, String(error));
    assert.ok(!/[\n\r]/.test(error.message) && error.hint, error.message);
    return error;
  }
  return assert.fail('nothing was refused');
}
