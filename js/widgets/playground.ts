/** The playground as an anywidget: Python predicts. */
import type { RenderProps } from '@anywidget/types';
import type { PlaygroundData } from '../core/types';
import { playground } from '../view/playground';
import { modelSource } from './host';

export default {
  render({ model, el }: RenderProps) {
    return playground(el, modelSource<PlaygroundData>(model, { asks: true }));
  },
};
