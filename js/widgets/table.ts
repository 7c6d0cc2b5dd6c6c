import type { RenderProps } from '@anywidget/types';
import { tableFromArrow } from '../core/columns';
import type { TableData } from '../core/types';
import { table } from '../view/table';
import { modelSource } from './host';

export default {
  render({ model, el }: RenderProps) {
    return table(el, modelSource<TableData>(model, { runs: tableFromArrow }, ['state', 'selected']));
  },
};
