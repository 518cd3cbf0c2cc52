#!/usr/bin/env node
// Goes before everything that needs what npm installs, so it uses only Node.
import { install } from '../src/install.mjs';

install();
