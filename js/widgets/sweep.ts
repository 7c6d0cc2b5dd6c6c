/** A sweep as an anywidget: Python tells how far it is, and stops it. */
import type { RenderProps } from '@anywidget/types';
import type { SweepData } from '../core/sweep';
import { sweep } from '../view/sweep';
import { modelSource } from './host';

export default {
  render({ model, el }: RenderProps) {
    return sweep(el, modelSource<SweepData>(model, { asks: true }));
  },
};
