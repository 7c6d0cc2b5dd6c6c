/** The comparison as an anywidget: runs and curves come as Arrow, and later what changed of them. */
import type { RenderProps } from '@anywidget/types';
import { curvesFromArrow, tableFromArrow } from '../core/columns';
import type { CompareData } from '../core/types';
import { compare } from '../view/compare';
import { charts, modelSource } from './host';

export default {
  render({ model, el, host }: RenderProps) {
    const source = modelSource<CompareData>(model, {
      decoders: { runs: tableFromArrow, curves: curvesFromArrow, changes: tableFromArrow, fresh: curvesFromArrow },
      keep: ['state', 'selected'],
      asks: true,
    });
    return compare(el, source, charts(model, host));
  },
};
