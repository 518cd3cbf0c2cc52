import { describe, it } from 'vitest';
import { poolConformance } from '@pool/testkit/pool';
import { SlotPool } from './support/slot-pool.js';

poolConformance({ describe, it, name: 'SlotPool', create: (options) => new SlotPool(options) });
