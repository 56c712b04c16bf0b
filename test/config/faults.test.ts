import { expect, test } from 'vitest';
test('x',()=>{});
