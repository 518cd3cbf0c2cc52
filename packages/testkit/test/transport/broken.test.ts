import { type AreaName, areaNames } from '@pool/testkit/transport';
import type {
  AsideItem,
  Delivery,
  Message,
  QueuedMessage,
  SettlementBatch,
  StoredBinding,
  TakenMessage,
  TakeRequest,
  TransportCapabilities,
} from '@pool/transport';
import { describe, expect, it } from 'vitest';
import { runArea } from './run-area.js';
import { type TinyMessage, TinyTransport } from './tiny-transport.js';

const good = new TinyTransport('memory://').capabilities;

/** Declares more than it can. */
class Boastful extends TinyTransport {
  override readonly capabilities: TransportCapabilities = { ...good, multiProcess: true };
}

const broken: Record<AreaName, new (url: string) => TinyTransport> = {
  lifecycle: class extends TinyTransport {
    override async close(): Promise<void> {}
  },
  capabilities: class extends TinyTransport {
    override readonly capabilities: TransportCapabilities = { ...good, fanout: false };
    override require(): void {}
  },
  queues: class extends TinyTransport {
    protected override async onPurgeQueue(): Promise<number> {
      return 0;
    }
  },
  messages: class extends TinyTransport {
    protected override encode(message: Message): Message {
      return { ...message, headers: JSON.parse(JSON.stringify(message.headers)) };
    }
  },
  consuming: class extends TinyTransport {
    readonly #given = new Set<unknown>();
    protected override async onTake(request: TakeRequest): Promise<TakenMessage[]> {
      const taken = await super.onTake(request);
      // Taking a message and removing it are two steps.
      for (const { queue, handle } of taken) {
        if (!this.#given.has(handle)) this.broker.queue(queue).push(handle as TinyMessage);
        this.#given.add(handle);
      }
      return taken;
    }
  },
  prefetch: class extends TinyTransport {
    protected override onTake(request: TakeRequest): Promise<TakenMessage[]> {
      return super.onTake({ ...request, max: request.max + 1 });
    }
  },
  settling: class extends TinyTransport {
    protected override putBack(delivery: Delivery, _times: number, delay: number): void {
      super.putBack(delivery, 0, delay);
    }
  },
  returning: class extends TinyTransport {
    protected override async onSettleBatch(batch: SettlementBatch): Promise<Delivery[]> {
      return super.onSettleBatch({ ...batch, requeued: [] });
    }
  },
  pausing: class extends TinyTransport {
    protected override async onSettleBatch(batch: SettlementBatch): Promise<Delivery[]> {
      return super.onSettleBatch({ ...batch, released: [] });
    }
    protected override async onTake(request: TakeRequest): Promise<TakenMessage[]> {
      const taken = await super.onTake(request);
      // A broker that answers late.
      await new Promise((resolve) => setTimeout(resolve, 20));
      return taken;
    }
  },
  routing: class extends TinyTransport {
    protected override async onUnbindQueue(): Promise<void> {}
  },
  fanout: class extends TinyTransport {
    protected override async onBindings(exchange: string): Promise<StoredBinding[]> {
      return (await super.onBindings(exchange)).slice(0, 1);
    }
  },
  topic: class extends TinyTransport {
    protected override async onBindings(exchange: string): Promise<StoredBinding[]> {
      const bindings = await super.onBindings(exchange);
      return bindings.map((binding) => ({ ...binding, routingKey: binding.routingKey.replaceAll('#', '*') }));
    }
  },
  priorities: class extends TinyTransport {
    protected override onPut(messages: readonly QueuedMessage<Message>[]): Promise<void> {
      return super.onPut(messages.map((message) => ({ ...message, priority: 0 })));
    }
  },
  expiry: class extends TinyTransport {
    protected override onPut(messages: readonly QueuedMessage<Message>[]): Promise<void> {
      return super.onPut(messages.map((message) => ({ ...message, expiration: undefined })));
    }
  },
  delay: class extends TinyTransport {
    protected override later(_seconds: number, work: () => void): void {
      super.later(0, work);
    }
  },
  aside: class extends TinyTransport {
    protected override async onPutAside(item: AsideItem): Promise<string> {
      this.broker.queue(item.queue).push((item.handle ?? {}) as never);
      return 'nowhere';
    }
  },
  crash: Boastful,
  process: Boastful,
};

describe('the suite of transports', () => {
  for (const area of areaNames) {
    it(`fails a transport whose ${area} is broken`, { timeout: 120_000 }, async () => {
      const { failed } = await runArea(area, (url) => new broken[area](url), { patience: 2 });
      expect(failed).not.toEqual([]);
    });

    it(`passes a good transport in ${area}`, { timeout: 120_000 }, async () => {
      const { failed, passed, skipped } = await runArea(
        area,
        (url, options) => new TinyTransport(url, options),
      );
      expect(failed).toEqual([]);
      expect([...passed, ...skipped]).not.toEqual([]);
      if (area !== 'crash') expect(passed).not.toEqual([]);
    });
  }

  it('skips with the reason in the title', async () => {
    const { skipped, passed } = await runArea('crash', (url) => new TinyTransport(url));
    expect(passed).toEqual([]);
    expect(
      skipped.every((title) => title.endsWith('(skipped: the transport declares multiProcess: false)')),
    ).toBe(true);
  });
});
