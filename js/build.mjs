/** Builds the widgets' modules and the JupyterLab extension; a bundle over its budget fails the build. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
const BUDGETS = {
  card: 40_000,
  table: 140_000,
  compare: 110_000,
  run: 90_000,
  registry: 40_000,
  playground: 40_000,
  sweep: 40_000,
  trainer: 60_000,
  plotly: 1_800_000,
};

const PAGE_BUDGET = 300_000;
const REPORT_BUDGET = 300_000;

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

async function widgets() {
  const outdir = join(root, 'src/tracker/static');
  mkdirSync(outdir, { recursive: true });
  await build({ ...common, entryPoints: Object.keys(BUDGETS).map(name => `js/widgets/${name}.ts`), outdir });
  const over = Object.entries(BUDGETS).filter(([name, budget]) => {
    const { size } = statSync(join(outdir, `${name}.js`));
    console.log(`${name}.js ${(size / 1000).toFixed(1)} kB of ${budget / 1000} kB`);
    return size > budget;
  });
  if (over.length > 0) throw new Error(`over the size budget: ${over.map(([name]) => name).join(', ')}`);
}

/** The page of `tracker ui`. */
async function page() {
  const outdir = join(root, 'src/tracker/static');
  await build({ ...common, entryPoints: ['js/page/app.ts', 'js/page/app.css'], outdir });
  const { size } = statSync(join(outdir, 'app.js'));
  console.log(`app.js ${(size / 1000).toFixed(1)} kB of ${PAGE_BUDGET / 1000} kB`);
  if (size > PAGE_BUDGET) throw new Error('over the size budget: app');
}

/** What a report's file holds beside plotly. */
async function report() {
  const outfile = join(root, 'src/tracker/static/report.js');
  await build({ ...common, entryPoints: ['js/report/main.ts'], outfile });
  const { size } = statSync(outfile);
  console.log(`report.js ${(size / 1000).toFixed(1)} kB of ${REPORT_BUDGET / 1000} kB`);
  if (size > REPORT_BUDGET) throw new Error('over the size budget: report');
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

await widgets();
await page();
await report();
await labextension();
for (const folder of ['src/tracker/static', 'src/tracker/labextension']) licences(folder);
