/** What a report holds, out of the packed blocks of its page: gzip in base64, tables as Arrow streams in it. */
import { curvesFromArrow, tableFromArrow, textAt } from '../core/columns';
import type { Preview, RunDetail } from '../core/run';
import type { CompareState, Curve, JsonCurve, JsonNumber, Table } from '../core/types';

const SPARK = 32;

export interface HeldFile {
  readonly preview: Preview;
  /** The buffer that goes with it, in base64. */
  readonly bytes: string;
}

export interface ReportData {
  readonly title: string;
  readonly about: string;
  readonly notices: readonly string[];
  readonly total: number;
  readonly state: Partial<CompareState>;
  readonly ids: readonly string[];
  readonly runs: Table;
  readonly curves: readonly Curve[];
  readonly sparks: readonly Curve[];
  readonly details: ReadonlyMap<string, RunDetail>;
  /** By run and path. */
  readonly files: Readonly<Record<string, Readonly<Record<string, HeldFile>>>>;
  /** The run with its curves, which are kept once for all views. */
  withCurves(run: RunDetail): RunDetail;
}

interface Facts {
  readonly title: string;
  readonly about: string;
  readonly notices: readonly string[];
  readonly total: number;
  readonly state: Partial<CompareState>;
  readonly details: readonly RunDetail[];
  readonly files: ReportData['files'];
}

export async function unpacked(): Promise<ReportData> {
  const [factBytes, runBytes, curveBytes] = await Promise.all(['facts', 'runs', 'curves'].map(block));
  const facts = JSON.parse(new TextDecoder().decode(factBytes)) as Facts;
  const runs = tableFromArrow(runBytes!);
  const curves = curvesFromArrow(curveBytes!);
  const ids = runs.column('run_id');
  const details = new Map(facts.details.map(run => [run.id, run]));
  return {
    ...facts,
    runs,
    curves,
    ids: Array.from({ length: runs.length }, (_, row) => (ids ? textAt(ids, row) : '')),
    sparks: curves.filter(curve => curve.step.length > 1).map(thinned),
    details,
    withCurves: run => ({ ...run, curves: curves.filter(curve => curve.run === run.id).map(asJson) }),
  };
}

async function block(id: string): Promise<ArrayBuffer> {
  const text = document.getElementById(id)?.textContent ?? '';
  const stream = new Blob([bytesOf(text)]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).arrayBuffer();
}

export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64.trim());
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** Every so many points of a curve: enough for a line of the size of a word. */
function thinned(curve: Curve): Curve {
  const every = Math.ceil(curve.step.length / SPARK);
  if (every <= 1) return curve;
  const last = curve.step.length - 1;
  const keep = (_: number, i: number) => i % every === 0 || i === last;
  return { ...curve, step: curve.step.filter(keep), time: curve.time.filter(keep), value: curve.value.filter(keep) };
}

function asJson(curve: Curve): JsonCurve {
  const { key, run } = curve;
  const value = Array.from(curve.value, (each): JsonNumber => {
    return Number.isFinite(each) ? each : Number.isNaN(each) ? 'NaN' : each > 0 ? 'Infinity' : '-Infinity';
  });
  return { run, key, step: [...curve.step], time: [...curve.time], value };
}
