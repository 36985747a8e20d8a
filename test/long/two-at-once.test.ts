// Two runs of the same period at the same time, one of which stands still before each of its requests in turn.
import { twoAtOnce } from '../commands/two-at-once.js';

twoAtOnce('all');
