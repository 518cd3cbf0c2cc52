import { poolConformance } from '@pool/testkit/pool';
import { describe, it } from 'vitest';
import { SlotPool } from './support/slot-pool.js';

poolConformance({ describe, it, name: 'SlotPool', create: (options) => new SlotPool(options) });
