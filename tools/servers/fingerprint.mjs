// Prints which servers this machine has, so that nx runs tests again when one comes, goes or changes. Starts none of
// them: this runs before every nx command.
import { realpathSync, statSync } from 'node:fs';

const files = [
  '/usr/bin/redis-server',
  '/usr/lib/rabbitmq/bin/rabbitmq-server',
  '/usr/share/java/zookeeper.jar',
  '/usr/bin/java',
  '/usr/lib/python3/dist-packages/celery/__init__.py',
];
for (const file of files) {
  try {
    const { size, mtimeMs } = statSync(file);
    console.log(realpathSync(file), size, mtimeMs);
  } catch {
    console.log(file, 'is missing');
  }
}
