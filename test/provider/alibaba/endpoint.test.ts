import { expect, it } from 'vitest';
import { hostOfRegion } from '../../../src/provider/alibaba/api.ts';

it.each([
  ['cn-hangzhou', 'dysmsapi.aliyuncs.com'],
  ['cn-shenzhen', 'dysmsapi.aliyuncs.com'],
  ['cn-beijing', 'dysmsapi-proxy.cn-beijing.aliyuncs.com'],
  ['cn-hongkong', 'dysmsapi-xman.cn-hongkong.aliyuncs.com'],
  ['ap-southeast-1', 'dysmsapi.ap-southeast-1.aliyuncs.com'],
  ['ap-southeast-5', 'dysmsapi.ap-southeast-5.aliyuncs.com'],
  ['eu-central-1', 'dysmsapi.eu-central-1.aliyuncs.com'],
  ['us-east-1', 'dysmsapi.us-east-1.aliyuncs.com'],
  ['mars-1', 'dysmsapi.aliyuncs.com'],
])('%s is served by %s', (region, host) => {
  expect(hostOfRegion(region)).toBe(host);
});
