import type { RenderProps } from '@anywidget/types';
import { curvesFromArrow, tableFromArrow } from '../core/columns';
import type { TableData } from '../core/types';
import { table } from '../view/table';
import { modelSource } from './host';

export default {
  render({ model, el }: RenderProps) {
    const source = modelSource<TableData>(model, {
      decoders: { runs: tableFromArrow, changes: tableFromArrow, sparks: curvesFromArrow },
      keep: ['state', 'selected', 'columns'],
      asks: true,
    });
    return table(el, source);
  },
};
