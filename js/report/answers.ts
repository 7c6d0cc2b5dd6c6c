/** Answers a run view out of what the report holds; what it does not hold is said. */
import type { FileEntry, Preview } from '../core/run';
import type { Answer, Ask } from '../core/types';
import { bytesOf, type ReportData } from './data';

export function answersOf(data: ReportData): (question: Ask) => Promise<Answer> {
  const detail = (id: string) => {
    const run = data.details.get(id);
    if (!run) throw new Error('This report does not hold this run in full.');
    return run;
  };
  return async question => {
    if (question.do === 'detail') return { run: data.withCurves(detail(question.run)), buffers: [] };
    if (question.do === 'history') return { buffers: [] };
    if (question.do === 'files') return { ...entries(detail(question.run).artifacts, question.path), buffers: [] };
    if (question.do === 'preview') {
      const held = data.files[question.run]?.[question.path];
      if (held && !question.offset && !question.order) return held.bytes ? withBytes(held) : { ...held, buffers: [] };
      const size = detail(question.run).artifacts.find(file => file.path === question.path)?.size ?? 0;
      const said = 'This report does not hold the content of this file.';
      const preview: Preview = { kind: 'none', path: question.path, size, said };
      return { preview, buffers: [] };
    }
    throw new Error('A report shows what it holds; this needs the store.');
  };
}

function withBytes(held: { readonly preview: Preview; readonly bytes: string }): Answer {
  return { preview: held.preview, buffers: [new DataView(bytesOf(held.bytes).buffer)] };
}

/** What is directly in a folder, out of the paths of all files. */
function entries(
  files: readonly { readonly path: string; readonly size: number }[],
  folder: string,
): { readonly files: readonly FileEntry[]; readonly total: number } {
  const prefix = folder ? `${folder}/` : '';
  const found = new Map<string, FileEntry>();
  for (const { path, size } of files) {
    if (!path.startsWith(prefix)) continue;
    const [name, ...rest] = path.slice(prefix.length).split('/');
    if (!name) continue;
    const isFolder = rest.length > 0;
    found.set(name, { name, path: prefix + name, folder: isFolder, size: isFolder ? 0 : size });
  }
  const list = [...found.values()].sort((a, b) => Number(b.folder) - Number(a.folder) || (a.name < b.name ? -1 : 1));
  return { files: list, total: list.length };
}
