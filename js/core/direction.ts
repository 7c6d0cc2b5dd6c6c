/** Whether more or less of a metric is better, guessed from the words in its key. */

import type { Direction } from './types';

export type { Direction } from './types';

const LOWER =
  /^(loss|losses|err|error|errors|mse|rmse|mae|mape|smape|rmsle|msle|nll|crossentropy|perplexity|ppl|wer|cer|fid|kid|brier|hinge|deviance|regret|divergence|kl|logloss|aic|bic|inertia|fpr|fnr|latency|runtime|seconds|duration|bytes|memory|rank|ece|residual|residuals|cost)$/;
const NEUTRAL =
  /^(epoch|epochs|step|steps|iter|iteration|iterations|lr|seed|count|samples|size|batch|index|id|n|num|system|timestamp|time)$/;

/** null where neither is better: an epoch, a count, a learning rate. */
export function directionOf(key: string): Direction | null {
  const words = key
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
  if (words.some(word => LOWER.test(word))) return 'lower';
  return words.some(word => NEUTRAL.test(word)) || words.join(' ') === 'learning rate' ? null : 'higher';
}
