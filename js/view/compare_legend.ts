/** The runs of a comparison with their colours: a press hides or shows one; with Alt or Shift, it alone. */
import type { Context } from './compare_model';
import { h, keyed } from './dom';

export function legend(context: Context): { node: HTMLElement; draw(): void } {
  const node = h('div', { class: 'trk-legend', role: 'group', 'aria-label': 'Runs' });
  const press = (id: string, alone: boolean) => {
    const hidden = new Set(context.state().hidden);
    const others = context.runs().filter(run => run.id !== id);
    if (alone) {
      const isAlone = !hidden.has(id) && others.every(run => hidden.has(run.id));
      hidden.clear();
      if (!isAlone) for (const run of others) hidden.add(run.id);
    } else if (!hidden.delete(id)) {
      hidden.add(id);
    }
    context.change({ hidden: [...hidden] });
    draw();
  };
  const make = (run: { readonly id: string }) => {
    const button = h('button', { type: 'button', class: 'trk-run' }, h('i', { class: 'trk-swatch' }), h('span'));
    button.addEventListener('click', event => press(run.id, event.altKey || event.shiftKey));
    button.addEventListener('pointerenter', () => context.hover(run.id));
    button.addEventListener('pointerleave', () => context.hover(null));
    return button;
  };
  context.onHover(id => {
    for (const button of node.children) button.classList.toggle('trk-lit', button.getAttribute('data-key') === id);
  });
  const draw = () => {
    const hidden = new Set(context.state().hidden);
    node.hidden = context.runs().length === 0;
    keyed(
      node,
      context.runs(),
      run => run.id,
      make,
      (button, run) => {
        button.style.setProperty('--run', run.style.color);
        button.dataset['dash'] = run.style.dash;
        button.lastElementChild!.textContent = run.label;
        button.title = `${run.label}\n${run.id}\nClick to hide or show; Shift-click to show it alone`;
        button.setAttribute('aria-pressed', String(!hidden.has(run.id)));
      },
    );
  };
  return { node, draw };
}
