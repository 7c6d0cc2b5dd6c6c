/** The model registry as an anywidget: Python makes the changes. */
import type { RenderProps } from '@anywidget/types';
import type { RegistryData } from '../core/types';
import { registry } from '../view/registry';
import { modelSource } from './host';

export default {
  render({ model, el }: RenderProps) {
    return registry(el, modelSource<RegistryData>(model, { asks: true }));
  },
};
