/**
 * Exponential moving average with the start's bias removed, as TensorBoard draws it. `weight` is in [0, 1): 0 gives
 * the values back. A value that is not finite stays as it is and leaves the average alone.
 */
export function smooth(values: Float64Array, weight: number): Float64Array {
  if (weight <= 0) return values;
  const out = new Float64Array(values.length);
  let average = 0;
  let debias = 1;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) {
      out[i] = value;
      continue;
    }
    average = average * weight + (1 - weight) * value;
    debias *= weight;
    out[i] = average / (1 - debias);
  }
  return out;
}
