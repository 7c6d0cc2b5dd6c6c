/** The run card as an anywidget: what Python says of the run, drawn as it comes. */
import type { RenderProps } from '@anywidget/types';
import type { CardData } from '../core/types';
import { card } from '../view/card';
import { modelSource } from './host';

export default {
  render({ model, el }: RenderProps) {
    return card(el, modelSource<CardData>(model));
  },
};
