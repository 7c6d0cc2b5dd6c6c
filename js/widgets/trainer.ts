/** The trainer as an anywidget: Python trains, serves and predicts. */
import type { RenderProps } from '@anywidget/types';
import type { TrainerData } from '../core/trainer';
import { trainer } from '../view/trainer';
import { modelSource } from './host';

export default {
  render({ model, el }: RenderProps) {
    return trainer(el, modelSource<TrainerData>(model, { asks: true }));
  },
};
