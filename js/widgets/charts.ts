/**
 * The asset widget: brings plotly.js to the page as text, for every chart of it, and runs it when the first is drawn.
 * As the widget's own module it would be run at once, half a second in which a page that opens stands still.
 */
import type { AnyModel } from '@anywidget/types';
import type { PlotlyLike } from '../plot/plotly';

interface Asset {
  readonly source: string;
}

async function loaded(source: string): Promise<PlotlyLike> {
  const address = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  try {
    return ((await import(address)) as { readonly default: PlotlyLike }).default;
  } finally {
    URL.revokeObjectURL(address);
  }
}

export default {
  initialize({ model }: { readonly model: AnyModel<Asset> }) {
    let plotly: Promise<PlotlyLike> | null = null;
    const load = () => {
      plotly ??= loaded(model.get('source'));
      return plotly;
    };
    return { load };
  },
};
