/** Builds the widgets' modules and the JupyterLab extension; a bundle over its budget fails the build. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
/** The modules that pages load: their entry points, and the bytes that each may have. */
const MODULES = {
  card: ['js/widgets/card.ts', 40_000],
  table: ['js/widgets/table.ts', 140_000],
  compare: ['js/widgets/compare.ts', 110_000],
  run: ['js/widgets/run.ts', 90_000],
  registry: ['js/widgets/registry.ts', 40_000],
  playground: ['js/widgets/playground.ts', 40_000],
  sweep: ['js/widgets/sweep.ts', 40_000],
  trainer: ['js/widgets/trainer.ts', 60_000],
  charts: ['js/widgets/charts.ts', 5_000],
  plotly: ['js/plot/library.ts', 1_800_000],
  app: ['js/page/app.ts', 300_000],
  report: ['js/report/main.ts', 300_000],
};

const common = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: !process.env.TRK_PLAIN,
  charset: 'utf8',
  legalComments: 'eof',
  logLevel: 'warning',
  tsconfig: 'js/tsconfig.json',
};

/** The widgets, the page of `tracker ui`, what a report's file holds, and plotly for all of them. */
async function modules() {
  const outdir = join(root, 'src/tracker/static');
  mkdirSync(outdir, { recursive: true });
  const entryPoints = Object.entries(MODULES).map(([out, [entry]]) => ({ in: entry, out }));
  await build({ ...common, entryPoints: [...entryPoints, { in: 'js/page/app.css', out: 'app' }], outdir });
  const over = Object.entries(MODULES).filter(([name, [, budget]]) => {
    const { size } = statSync(join(outdir, `${name}.js`));
    console.log(`${name}.js ${(size / 1000).toFixed(1)} kB of ${budget / 1000} kB`);
    return size > budget;
  });
  if (over.length > 0) throw new Error(`over the size budget: ${over.map(([name]) => name).join(', ')}`);
}

async function labextension() {
  const outdir = join(root, 'js/lab/lib');
  rmSync(outdir, { recursive: true, force: true });
  await build({
    ...common,
    entryPoints: ['js/lab/index.ts', 'js/lab/mime.ts'],
    outdir,
    splitting: true,
    minify: false,
    external: ['@lumino/*', '@jupyterlab/*'],
  });
  const home = require.resolve('@jupyter/builder/package.json');
  const builder = join(dirname(home), 'lib/build-labextension.js');
  const meta = createRequire(home).resolve('@jupyterlab/core-meta/package.json');
  const core = join(dirname(meta), 'core.package.json');
  execFileSync(process.execPath, [builder, '--core-package-file', core, root], { stdio: 'inherit', cwd: root });
}

/** The licences of what is bundled go with it. */
function licences(folder) {
  const texts = ['@uwdata/flechette', 'plotly.js-cartesian-dist-min'].map(name => {
    return `${name}\n\n${readFileSync(join(root, 'node_modules', name, 'LICENSE'), 'utf8').trim()}\n`;
  });
  writeFileSync(join(root, folder, 'third-party-licences.txt'), texts.join('\n\n'));
}

await modules();
await labextension();
for (const folder of ['src/tracker/static', 'src/tracker/labextension']) licences(folder);
