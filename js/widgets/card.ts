import type { RenderProps } from '@anywidget/types';
import type { CardData } from '../core/types';
import { card } from '../view/card';
import { modelSource } from './host';

export default {
  render({ model, el }: RenderProps) {
    return card(el, modelSource<CardData>(model));
  },
};
