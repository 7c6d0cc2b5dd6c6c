/** Following a pressed pointer until it is let go, wherever it goes. */

export interface DragHandlers {
  /** `dx`: px to the right of where it was pressed. Not called before it has moved a little. */
  move?(dx: number): void;
  /** `moved` tells a drag from a click; `x` is the place in the window. */
  end?(dx: number, moved: boolean, x: number): void;
}

const SLACK = 5;

export function drag(pressed: PointerEvent, handlers: DragHandlers): void {
  const ends = new AbortController();
  const { signal } = ends;
  let moved = false;
  const follow = (event: PointerEvent): void => {
    const dx = event.clientX - pressed.clientX;
    moved ||= Math.abs(dx) > SLACK;
    if (moved) handlers.move?.(dx);
  };
  const finish = (event: PointerEvent): void => {
    ends.abort();
    handlers.end?.(event.clientX - pressed.clientX, moved, event.clientX);
  };
  window.addEventListener('pointermove', follow, { signal });
  window.addEventListener('pointerup', finish, { signal });
  window.addEventListener('pointercancel', () => ends.abort(), { signal });
}
