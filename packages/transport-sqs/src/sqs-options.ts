import type { SQSClientConfig } from '@aws-sdk/client-sqs';
import type { VirtualTransportOptions } from '@pool/transport';

/** Options of the SQS transport; the names are kombu's transport options in camel case. Durations are seconds. */
export interface SqsTransportOptions extends VirtualTransportOptions {
  /** The AWS region. @default the SDK's, else us-east-1 */
  region?: string;
  /** Put before every queue's name. @default '' */
  queueNamePrefix?: string;
  /** URLs of queues that exist already, by name; then none is created and none looked up. */
  predefinedQueues?: Readonly<Record<string, string>>;
  /** How long a message that is held stays hidden from others; renewed while its worker lives. @default 60 */
  visibilityTimeout?: number;
  /** How long one request waits for messages, at the most 20. @default 10 */
  waitTime?: number;
  /** Whether message bodies are encoded in base64, as kombu does. @default true */
  base64?: boolean;
  /** Talk HTTP instead of HTTPS to the host of the URL. @default true for localhost */
  insecure?: boolean;
  /** More options for the SQS client: credentials, endpoint, retries. */
  client?: SQSClientConfig;
}

/** The most SQS does in one request. */
export const SQS_BATCH = 10;
/** The most bytes of message bodies SQS takes in one request, and in one message. */
export const MAX_BYTES: number = 1024 * 1024;

/** The client's settings out of the broker URL: `sqs://key:secret@host:port`, or `sqs://` for the SDK's own. */
export function clientConfig(
  url: {
    host: string;
    port: number | undefined;
    username: string | undefined;
    password(): string | undefined;
  },
  options: SqsTransportOptions,
): SQSClientConfig {
  const config: SQSClientConfig = { region: options.region ?? process.env['AWS_REGION'] ?? 'us-east-1' };
  const { host, port, username } = url;
  const secret = url.password();
  if (username !== undefined && secret !== undefined) {
    config.credentials = { accessKeyId: username, secretAccessKey: secret };
  }
  if (host !== '') {
    const insecure = options.insecure ?? (host === 'localhost' || host.startsWith('127.'));
    config.endpoint = `${insecure ? 'http' : 'https'}://${host}${port === undefined ? '' : `:${port}`}`;
  }
  return { ...config, ...options.client };
}
