/**
 * Which widgets a notebook's kernel has. One that is gone is not to be asked for: the notebook's widget manager looks
 * for it for two seconds and then logs an error. What the page saw opened is known at once, what was there before it as
 * soon as the kernel has told.
 */
import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel, KernelMessage } from '@jupyterlab/services';

const TARGET = 'jupyter.widget';
const RESTARTS: readonly Kernel.Status[] = ['restarting', 'autorestarting'];

export class KernelWidgets {
  readonly #open = new Set<string>();
  readonly #context: ISessionContext;
  #asked: Kernel.IKernelConnection | null = null;

  constructor(context: ISessionContext) {
    this.#context = context;
    context.kernelChanged.connect(() => this.#ask());
    context.iopubMessage.connect((_, message) => this.#hear(message));
    context.statusChanged.connect((_, status) => {
      if (RESTARTS.includes(status)) this.#open.clear();
    });
    this.#ask();
  }

  /** Null while the kernel has not told. */
  has(id: string): boolean | null {
    return this.#open.has(id) || (this.#asked ? null : false);
  }

  #ask(): void {
    this.#open.clear();
    const kernel = this.#context.session?.kernel ?? null;
    this.#asked = kernel;
    if (kernel) void this.#told(kernel);
  }

  async #told(kernel: Kernel.IKernelConnection): Promise<void> {
    try {
      await kernel.info;
      const { content } = await kernel.requestCommInfo({ target_name: TARGET });
      if (this.#asked === kernel && content.status === 'ok') {
        for (const id of Object.keys(content.comms)) this.#open.add(id);
      }
    } catch (error) {
      console.debug('tracker: the kernel did not tell which widgets it has', error);
    } finally {
      if (this.#asked === kernel) this.#asked = null;
    }
  }

  #hear({ header, content }: KernelMessage.IMessage): void {
    const { comm_id: id, target_name: target } = content as {
      readonly comm_id?: string;
      readonly target_name?: string;
    };
    if (!id) return;
    if (header.msg_type === 'comm_open' && target === TARGET) this.#open.add(id);
    else if (header.msg_type === 'comm_close') this.#open.delete(id);
  }
}
