import { requireServer } from '@pool/servers/vitest';
import { areaNames, transportConformance } from '@pool/testkit/transport';
import { createTransport } from '@pool/transport-sqs';
import { describe, it } from 'vitest';

const sqs = await requireServer('sqs');
const options = { visibilityTimeout: 3, waitTime: 1 };

// SQS purges what is held too, takes no message above 1 MiB, and keeps no bindings that others could see: what these
// areas would test of it is in limits.test.ts.
const beyondSqs: readonly string[] = ['queues', 'messages', 'routing'];

transportConformance({
  describe,
  it,
  name: 'sqs',
  url: () => sqs.url,
  create: (url, given) => createTransport(url, { ...given, ...options }),
  module: { url: import.meta.resolve('@pool/transport-sqs'), options },
  areas: areaNames.filter((area) => !beyondSqs.includes(area)),
});
