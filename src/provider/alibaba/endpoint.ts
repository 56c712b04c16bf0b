const DEFAULT_HOST = 'dysmsapi.aliyuncs.com';

/** https://api.aliyun.com/product/Dysmsapi : regions with a host of their own. All of the others in China share the default one. */
const HOSTS: ReadonlyMap<string, string> = new Map([
  ['ap-southeast-1', 'dysmsapi.ap-southeast-1.aliyuncs.com'],
  ['ap-southeast-5', 'dysmsapi.ap-southeast-5.aliyuncs.com'],
  ['cn-beijing', 'dysmsapi-proxy.cn-beijing.aliyuncs.com'],
  ['cn-hongkong', 'dysmsapi-xman.cn-hongkong.aliyuncs.com'],
  ['eu-central-1', 'dysmsapi.eu-central-1.aliyuncs.com'],
  ['us-east-1', 'dysmsapi.us-east-1.aliyuncs.com'],
]);

export function hostOfRegion(region: string): string {
  return HOSTS.get(region) ?? DEFAULT_HOST;
}
